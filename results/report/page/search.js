// How the search went: hypervolume, knobs without effect, refused regions.
const searchCharts = [];

// Share of the box from best to worst that is covered, point by point in the order of the file.
function coverage(rows, x, y) {
  const sx = D.maximised(x) ? -1 : 1, sy = D.maximised(y) ? -1 : 1;
  const all = rows.filter((i) => D.feasible(i) && known(D.value(i, x)) && known(D.value(i, y)));
  // In the scale of the chart: beside a span of decades, one bad point would make all look perfect.
  const scaled = (axis) => {
    const values = all.map((i) => D.value(i, axis));
    return rangeOf(values).log ? values.map(Math.log) : values;
  };
  const xs = scaled(x).map((v) => sx * v), ys = scaled(y).map((v) => sy * v);
  const low = (v) => v.reduce((a, b) => Math.min(a, b), Infinity);
  const high = (v) => v.reduce((a, b) => Math.max(a, b), -Infinity);
  const x0 = low(xs), x1 = high(xs), y0 = low(ys), y1 = high(ys), steps = [];
  if (!(x1 > x0) || !(y1 > y0)) return steps;
  let front = [], area = 0;
  all.forEach((_, k) => {
    const p = [(x1 - xs[k]) / (x1 - x0), (y1 - ys[k]) / (y1 - y0)];  // more is better now
    if (!front.some((q) => q[0] >= p[0] && q[1] >= p[1])) {
      front = [...front.filter((q) => !(p[0] >= q[0] && p[1] >= q[1])), p].sort((a, b) => b[0] - a[0]);
      area = front.reduce((sum, q, j) => sum + q[0] * (q[1] - (j ? front[j - 1][1] : 0)), 0);
      steps.push([k + 1, area]);
    }
  });
  if (steps.length) steps.push([all.length, area]);
  return steps;
}

// Curves of several seeds as low, median and high at every step any of them has.
function bandOf(curves) {
  const at = [...new Set(curves.flatMap((c) => c.steps.map((s) => s[0])))].sort((a, b) => a - b);
  const cursor = curves.map(() => 0);
  return at.map((x) => {
    const values = curves.map((c, k) => {
      while (cursor[k] + 1 < c.steps.length && c.steps[cursor[k] + 1][0] <= x) ++cursor[k];
      return c.steps[cursor[k]][0] <= x ? c.steps[cursor[k]][1] : 0;
    }).filter(known).sort((a, b) => a - b);
    return [x, values[0], quantile(values, 0.5), values[values.length - 1]];
  });
}

function hypervolumeCard() {
  const workload = D.workloads[state.workload];
  const curves = D.history.filter((c) => c.workload === workload || c.workload === '');
  const title = el('h3', {}, 'Hypervolume');
  if (!curves.length && D.exhaustive)
    return el('div', {class: 'card'}, title, el('p', {class: 'empty'}, 'The whole space was evaluated: there was no search whose progress could be drawn.'));
  const own = !curves.length, steps = own ? coverage(rowsOfWorkload(), state.x, state.y) : null;
  const band = own ? steps.map(([n, v]) => [n, v, v, v]) : bandOf(curves);
  if (band.length < 2 || (own && state.x === state.y))
    return el('div', {class: 'card'}, title, el('p', {class: 'empty'}, 'Too few points differ in both axes for a curve.'));
  const several = curves.length > 1, last = band[band.length - 1];
  const canvas = el('canvas', {role: 'img', 'aria-label': 'Hypervolume over evaluations, at the end ' + plain(100 * last[2], 4) + ' %'});
  const column = (k) => band.map((b) => ({x: b[0], y: 100 * b[k]}));
  const most = band[band.length - 1][0];
  const line = {stepped: own ? 'before' : false, pointRadius: 0, borderWidth: 2, borderColor: colour(0)};
  const edge = {...line, borderWidth: 0, backgroundColor: colour(0) + '33'};
  queueMicrotask(() => searchCharts.push(new Chart(canvas, {type: 'line', data: {datasets: [
    ...(several ? [{...edge, data: column(3), fill: 1}, {...edge, data: column(1)}] : []), {...line, data: column(2)}]},
    options: {...chartBase, scales: {
      x: axisOptions({low: 0, high: most, log: false}, own ? 'Points in the order of the file' : 'Evaluations', '1', {grid: {display: false, borderColor: css('dim')}}),
      y: axisOptions({low: 0, high: 100, log: false}, 'Share of the box covered [%]', '1')}}})));
  return el('div', {class: 'card'}, title, el('div', {class: 'plot'}, canvas), el('p', {class: 'hint'},
    own ? 'The file holds no search history. This curve takes ' + D.label(state.x) + ' and ' + D.label(state.y) + ' of the points in the order of the file; the box spans the best to the worst feasible values, in the scale of the axes above.'
      : several ? 'Line: median of ' + curves.length + ' seeds; band: lowest to highest. At the end ' + plain(100 * last[1], 4) + ' \u2026 ' + plain(100 * last[3], 4) + ' %.'
        : 'Seed ' + curves[0].seed + '; at the end ' + plain(100 * last[2], 4) + ' %.'));
}

function knobsCard() {
  const inert = D.effects.filter((e) => e[2] > 0 && !e[3]), unknown = D.effects.filter((e) => e[2] === 0);
  const byGene = new Map();
  for (const [gene, platform, pairs] of inert) {
    if (!byGene.has(gene)) byGene.set(gene, []);
    byGene.get(gene).push([platform, pairs]);
  }
  const body = !D.effects.length ? el('p', {class: 'empty'}, 'The file does not say which genes had an effect.')
    : [byGene.size ? table(['Gene', 'Changes no number on', {text: 'Judged on', class: 'n'}], [...byGene].map(([gene, list]) =>
        [{text: el('code', {}, gene), class: 'break'}, {text: list.map(([p]) => p).join(', '), class: 'break'}, num(count(list.reduce((s, [, n]) => s + n, 0), 'pair'))]))
      : el('p', {}, 'None: every gene that was varied alone changed some number.'),
      el('p', {class: 'hint'}, count(D.effects.filter((e) => e[3]).length, 'gene and platform').replace('platforms', 'platform') + ' with an effect' +
        (unknown.length ? '; never varied alone, so nothing is known: ' + unknown.map((e) => e[0] + ' on ' + e[1]).join(', ') : '') + '. Pairs are points that differ in nothing else.')];
  return el('div', {class: 'card'}, el('h3', {}, 'Knobs without effect'), body);
}

function regionsCard() {
  // Those of another workload alone are shown with that one.
  let regions = D.regions.filter(([, common]) => !common.includes('workload = ') || common.split('; ').some((c) => c.startsWith('workload = ') && c.slice(11).split(/, | or /).includes(D.workloads[state.workload])));
  if (D.regions.length && !regions.length)
    return el('div', {class: 'card wide'}, el('h3', {}, 'Infeasible regions'), el('p', {class: 'empty'}, 'Every point of this workload is feasible.'));
  if (!regions.length) {  // files of single runs: count the reasons themselves
    const counts = new Map();
    for (let i = 0; i < D.n; ++i) if (!D.feasible(i)) counts.set(D.of('reason', i), (counts.get(D.of('reason', i)) || 0) + 1);
    regions = [...counts].map(([reason, n]) => [reason, '', n, reason.startsWith('failed')]);
  }
  const short = (t) => (t.length > 260 ? [t.slice(0, 240) + ' \u2026', el('details', {class: 'no-print'}, el('summary', {}, 'all of it'), t)] : t);
  return el('div', {class: 'card wide'}, el('h3', {}, 'Infeasible regions'), regions.length
    ? table([{text: 'Points', class: 'n'}, 'Reason of the first', 'All of them have'], regions.map(([reason, common, n, failed]) =>
      [num(n.toLocaleString('en-US')), {text: [failed ? el('b', {class: 'worse'}, 'failed ') : null, short(reason)].flat(), class: 'break'}, {text: common || '\u2013', class: 'break'}]))
    : el('p', {class: 'empty'}, 'Every point is feasible.'));
}

function buildSearch() {
  searchCharts.splice(0).forEach((c) => c.destroy());
  fill(byId('search-body'), hypervolumeCard(), knobsCard(), regionsCard());
}

function buildAbout() {
  const m = D.meta, item = (t, d) => el('div', {}, el('dt', {}, t), el('dd', {}, d));
  fill(byId('about-body'), el('dl', {class: 'about'},
    item('Scope: ' + m.scope, {chip: 'The device alone.', device: 'The device with its memory.', node: 'Device, memory, links, the host\u2019s share and idle devices.', wall: 'The node with power supply and building.'}[m.scope] || ''),
    item('Energy', m.energyMode === 'tdp' ? 'Rated power times time.' : 'Counted events times joules per event; every joule stands in exactly one category.'),
    item('Objectives', D.objectives.map(([n, up]) => (up ? 'maximise ' : 'minimise ') + n).join(', ') + '. The Pareto set is computed per workload over feasible points.'),
    item('Fidelity', 'The levels that were used: "event" is simulated step by step, "analytic" is a closed form, "event+analytic" has both.'),
    item('Intervals', D.hasIntervals ? '5 to 95 % over common scenarios of all parameters that are known only as a range. Points share their unknowns: overlap of intervals decides nothing.' : 'This file holds none. `wattlas explore STUDY --uncertainty` computes them.'),
    item('Origin', el('span', {}, 'Wattlas ' + m.version + ', content hash ', el('code', {}, m.contentHash), '. Every point has its own id; its configuration reproduces it.'))),
    m.study ? el('details', {class: 'no-print'}, el('summary', {}, 'The study as it was run'), el('pre', {tabindex: 0}, m.study)) : null);
}
