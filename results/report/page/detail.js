// The selected point: figures, where energy and time go, operators, what it rests on.
const partColours = {
  compute: 0, array: 3, activation: 9, refresh: 4, scratchpad: 5, link: 1, host: 6, control: 7, static: 8,
  memory: 3, latency: 4, idle: 8, transfer: 5,
};

function stacked(parts, unit) {
  const total = parts.reduce((sum, [, v]) => sum + v, 0);
  const ink = (name) => colour(partColours[name] ?? 2);
  return el('div', {},
    el('div', {class: 'stack', 'aria-hidden': 'true'}, parts.map(([name, v]) =>
      el('i', {style: {flex: String(v / total), background: ink(name)}, title: name + ' ' + quantity(v, unit)}))),
    el('ul', {class: 'parts'}, parts.map(([name, v]) => el('li', {}, el('i', {style: {background: ink(name)}}), name,
      el('span', {}, quantity(v, unit, 3) + '  ' + share(v, total, 2))))));
}

function figures(i) {
  const judged = (name) => D.objectives.some(([o]) => o === name);
  return el('dl', {class: 'figures'}, D.headline.filter((m) => known(D.value(i, m))).map((m) => {
    const interval = D.interval(i, m), top = bestOf(rowsOfWorkload(), m), up = D.maximised(m);
    const ratio = up ? D.value(top, m) / D.value(i, m) : D.value(i, m) / D.value(top, m);
    return el('div', {}, el('dt', {}, capital(D.label(m))), el('dd', {}, D.show(i, m),
      interval ? el('small', {}, '5\u201395 %: ' + interval.map((v) => quantity(v, D.unit(m), 3)).join(' \u2026 ')) : null,
      !judged(m) ? null : el('small', {}, top === i ? 'the ' + (up ? 'most' : 'least') + ' here' : !known(ratio) ? '' : ratio < 1.00005 ? 'equal to the best here' : ratio < 1.1 ? apart(ratio) + (up ? ' below' : ' above') + ' the best here' : times(ratio) + (up ? ' below' : '') + ' the best here')));
  }));
}

function operatorsTable(d) {
  let byEnergy = false, all = false;
  const box = el('div', {});
  const draw = () => {
    const total = d.operators.reduce((sum, o) => [sum[0] + (o[5] || 0), sum[1] + (o[6] || 0)], [0, 0]);
    const list = [...d.operators].sort((a, b) => (byEnergy ? b[6] - a[6] : b[5] - a[5]));
    const shown = all ? list : list.slice(0, 10);
    const head = (text, energy) => ({text: el('button', {type: 'button', 'aria-pressed': String(byEnergy === energy), onclick() {
      byEnergy = energy;
      draw();
      box.querySelectorAll('th button')[energy ? 1 : 0].focus();
    }}, text + (byEnergy === energy ? ' \u25be' : '')), class: 'n'});
    fill(box, table(['Operator', 'Bound', head('Time', false), {text: '', class: 'n'}, head('Energy', true)], shown.map((o) => [
      {text: el('span', {title: o[1] + ', ' + o[3] + (o[9] ? ', ' + quantity(o[9], 'MAC') : '') + (o[10] ? ', ' + quantity(o[10], 'B') : '')},
        o[0] + (d.phases.length > 1 ? ' \u00b7 ' + o[2] : '') + (o[4] > 1 ? ' \u00d7' + o[4] : '')), class: 'break'},
      o[8], num(quantity(o[5], 's', 3)), num(share(o[5], total[0])), num(quantity(o[6], 'J', 3))])),
    list.length > 10 ? el('button', {type: 'button', class: 'quiet no-print', onclick() {
      all = !all;
      draw();
    }}, all ? 'Show the first 10' : 'Show all ' + list.length) : null);
  };
  draw();
  return box;
}

function meter(part, whole) {
  return el('span', {class: 'meter', 'aria-hidden': 'true'}, el('i', {style: {width: Math.min(100, (100 * part) / whole) + '%'}}));
}

function tornadoChart(bars, i, metric) {
  const simulated = (b) => known(b[4]) && known(b[5]);
  const list = bars.filter((b) => b[3] === metric && known(b[1]) && known(b[2]) && b[1] !== b[2])
    .sort((a, b) => Math.abs(b[2] - b[1]) - Math.abs(a[2] - a[1])).slice(0, 12);
  if (!list.length) return null;
  const unit = D.unit(metric), canvas = el('canvas', {role: 'img', 'aria-label': 'Tornado: ' + list.map((b) => b[0] + ' ' +
    quantity(b[1], unit, 3) + ' to ' + quantity(b[2], unit, 3) + (simulated(b) ? ' (simulated ' + quantity(b[4], unit, 3) +
    ' to ' + quantity(b[5], unit, 3) + ')' : '')).join('; ')});
  const range = rangeOf(list.flatMap((b) => simulated(b) ? [b[1], b[2], b[4], b[5]] : [b[1], b[2]]));
  range.log = false;
  const box = el('div', {class: 'plot', style: {height: 70 + 24 * list.length + 'px'}}, canvas);
  queueMicrotask(() => new Chart(canvas, {type: 'bar', data: {labels: list.map((b) => b[0].length > 26 ? '\u2026' + b[0].slice(-25) : b[0]), datasets: [
    {data: list.map((b) => [Math.min(b[1], b[2]), Math.max(b[1], b[2])]), backgroundColor: list.map((b) => colour(b[1] <= b[2] ? 0 : 1)), barPercentage: 0.72}]},
    options: {...chartBase, indexAxis: 'y', scales: {
      x: axisOptions(range, capital(D.columns.has(metric) ? D.label(metric) : metric), unit),
      y: {grid: {display: false}, ticks: {color: css('ink'), font: {size: 11}}}}},
    plugins: [{id: 'nominal', afterDatasetsDraw(chart) {
      const v = D.value(i, metric);
      if (!known(v)) return;
      const x = chart.scales.x.getPixelForValue(v), {ctx, chartArea: a} = chart;
      ctx.strokeStyle = css('ink');
      ctx.setLineDash([3, 3]);
      ctx.beginPath();
      ctx.moveTo(x, a.top);
      ctx.lineTo(x, a.bottom);
      ctx.stroke();
      ctx.setLineDash([]);
    }}, {id: 'simulated', afterDatasetsDraw(chart) {
      const {ctx} = chart;
      ctx.strokeStyle = css('ink');
      ctx.lineWidth = 2;
      list.forEach((b, k) => {
        if (!simulated(b)) return;
        const bar = chart.getDatasetMeta(0).data[k], half = bar.height / 2 + 3;
        for (const v of [b[4], b[5]]) {
          const x = chart.scales.x.getPixelForValue(v);
          ctx.beginPath();
          ctx.moveTo(x, bar.y - half);
          ctx.lineTo(x, bar.y + half);
          ctx.stroke();
        }
      });
    }}]}));
  return [el('h4', {}, 'What moves its ' + (D.columns.has(metric) ? D.label(metric) : metric) + ' (each parameter over its interval)'), box,
    el('p', {class: 'hint'}, 'Dashed: the value itself. Blue grows with the parameter, orange shrinks.' +
      (list.some(simulated) ? ' Upright marks: the same ends simulated.' : ''))];
}

function breakdown(d, i) {
  const out = [], h = (text) => el('h4', {}, text);
  if (d.energy?.length) out.push(h('Where the energy goes'), stacked(d.energy, 'J'));
  if (d.time?.length) out.push(h('What limits the time'), stacked(d.time, 's'));
  if (d.phases?.length > 1 || d.phases?.[0]?.[3])
    out.push(h('Phases'), table(['Phase', {text: 'Time', class: 'n'}, {text: 'Energy', class: 'n'}, {text: 'Tokens/s', class: 'n'}, {text: 'Energy/token', class: 'n'}],
      d.phases.map((p) => [p[0], num(quantity(p[1], 's')), num(quantity(p[2], 'J')), num(p[3] ? plain(p[4], 3) : '\u2013'), num(p[3] ? quantity(p[5], 'J', 3) : '\u2013')])));
  if (d.operators?.length) out.push(h('Operators'), operatorsTable(d));
  if (d.tornado) for (const metric of new Set(d.tornado.map((b) => b[3]))) out.push(tornadoChart(d.tornado, i, metric));
  if (d.tiers?.length)
    out.push(h('Memory'), table(['Tier', {text: 'Peak', class: 'n'}, {text: 'Capacity', class: 'n'}, ''], d.tiers.map((t) =>
      [t[0], num(quantity(t[2], 'B', 3)), num(quantity(t[3], 'B', 3)), t[3] ? {text: [meter(t[2], t[3]), ' ' + share(t[2], t[3])], class: 'n'} : ''])));
  if (d.spots?.length) {
    const row = (s) => [{text: s[0], class: 'break'}, num(micro(s[1] + '')), {text: micro(s[2]), class: 'n'}, num(s[4] > 0 ? share(s[4], 1) : ''), {text: s[3], class: 'break'}];
    out.push(h('Assumptions that matter'), table(['Parameter', {text: 'Value', class: 'n'}, {text: 'Range', class: 'n'}, {text: 'of energy', class: 'n'}, 'Source'], d.spots.slice(0, 6).map(row)));
  }
  const fold = (title, ...inside) => el('details', {class: 'no-print'}, el('summary', {}, title), inside);
  if (d.assumptions?.length)
    out.push(fold('All ' + count(d.assumptions.length, 'assumption') + ' with basis and source', table(['Parameter', 'Value', 'Interval', 'Basis', 'Source'],
      d.assumptions.map((k) => detailShared.assumptions[k]).map(([key, value, low, high, basis, source]) =>
        [{text: key, class: 'break'}, micro(value), low === high ? '' : micro(low) + ' \u2026 ' + micro(high), basis, {text: source, class: 'break'}]))));
  if (d.folds?.length)
    out.push(fold('Simulated once for many (' + d.folds.length + ')', table([{text: 'Times', class: 'n'}, 'What', 'Allowed because'], d.folds.map((f) => [num(plain(f[0])), f[1], f[2]]))));
  if (d.config) {
    const text = configText(d.config);
    out.push(fold('Merged configuration', el('p', {class: 'hint'}, 'Saved as FILE.yaml, it reproduces this point: wattlas run -p FILE.yaml'),
      el('button', {type: 'button', onclick: (e) => navigator.clipboard?.writeText(text).then(() => (e.target.textContent = 'Copied'), () => (e.target.textContent = 'Copy is not allowed here'))}, 'Copy'),
      el('pre', {tabindex: 0}, text)));
  }
  return out;
}

let detailTicket = 0;
async function buildDetail() {
  const i = state.selected, ticket = ++detailTicket, box = byId('detail');
  if (i < 0) return fill(box, el('p', {class: 'empty'}, 'No point is selected.'));
  const d = await detailOf(i);
  if (ticket !== detailTicket) return;  // another one was selected meanwhile
  const status = !D.feasible(i) ? ['bad', 'infeasible'] : D.pareto(i) ? ['good', 'in the Pareto set'] :
    D.objectives.some(([name]) => !known(D.value(i, name))) ? ['plain', 'feasible, not compared: no ' + D.objectives.filter(([name]) => !known(D.value(i, name))).map(([name]) => D.label(name)).join(', no ')] : ['plain', 'feasible'];
  const chosen = state.chosen.includes(i);
  fill(box,
    el('div', {class: 'title'}, markSvg(D.family(i)), el('h3', {}, D.name(i))),
    el('p', {class: 'meta'}, D.of('workload', i) + '  \u00b7  ' + D.families[D.family(i)].name + '  \u00b7  fidelity ' + (D.of('fidelity', i) || '\u2013') + '  \u00b7  scope ' + D.meta.scope),
    el('p', {style: {marginTop: '.4rem'}}, el('span', {class: 'badge ' + status[0]}, status[1])),
    el('div', {class: 'actions no-print'}, el('button', {type: 'button', id: 'detail-choose', class: chosen ? '' : 'primary', onclick: () => {
      choose(i);
      buildDetail().then(() => byId('detail-choose')?.focus());
    }}, chosen ? 'Remove from comparison' : 'Add to comparison')),
    winsOf(i).map((w) => el('p', {class: w.unsure ? 'meta unsure' : 'meta'}, capital(D.label(w.metric)) + ': ' + chanceText(w))),
    D.onHost(i) ? el('p', {class: 'meta unsure'}, 'The device refuses these operators: all of them ran on the host.') : null,
    D.of('accuracy_kind', i) === 'none' ? el('p', {class: 'meta'}, 'Accuracy in ' + (D.of('format', i) || 'this format') + ' unknown') : null,
    D.feasible(i) ? figures(i) : el('p', {class: 'notice'}, (d?.reasons || [D.of('reason', i)]).join('; ')),
    D.settings(i).length ? [el('h4', {}, 'Configuration'), table(['Gene', 'Value'], D.settings(i).map(([g, v]) => [{text: g, class: 'break'}, {text: v, class: 'break'}]))] : null,
    d ? breakdown(d, i) : el('p', {class: 'hint', style: {marginTop: '1rem'}}, 'Operators and assumptions of this point were not stored or are not part of this page. `wattlas explore` keeps them for up to 2,000 points.'),
    el('p', {class: 'hint'}, 'point ', el('code', {}, D.id[i]), D.hash[i] ? [', configuration ', el('code', {}, D.hash[i])] : null));
  // The tornado of the point before has no place in the page any more.
  for (const chart of Object.values(Chart.instances)) if (!chart.canvas.isConnected) chart.destroy();
}
