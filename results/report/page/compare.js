// Chosen points side by side. Ratios of points that share unknowns are taken scenario by scenario;
// without scenarios only the widest possible interval can be given, and it says so.
function ratioOf(i, base, name, details) {
  const out = {value: D.value(i, name) / D.value(base, name), kind: ''};
  const column = {time_s: 1, energy_j: 2}[name], a = details.get(i)?.scenarios, b = details.get(base)?.scenarios;
  if (column && a && b) {
    const other = new Map(b.map((s) => [s[0], s[column]]));
    const ratios = a.filter((s) => known(s[column]) && other.get(s[0]) > 0).map((s) => s[column] / other.get(s[0]));
    if (ratios.length > 2) {
      const sorted = [...ratios].sort((x, y) => x - y);
      return {...out, kind: 'paired', low: quantile(sorted, 0.05), high: quantile(sorted, 0.95),
              wins: ratios.filter((r) => (D.maximised(name) ? r > 1 : r < 1)).length / ratios.length, of: ratios.length};
    }
  }
  const x = D.interval(i, name), y = D.interval(base, name);
  if (x && y && y[0] > 0) return {...out, kind: 'widest', low: x[0] / y[1], high: x[1] / y[0]};
  return out;
}

let compareTicket = 0;
async function buildCompare() {
  const chosen = state.chosen, box = byId('compare-body'), ticket = ++compareTicket;
  if (!chosen.length)
    return fill(box, el('p', {class: 'empty'}, 'No point is chosen yet. Select a point and add it, or tick "Compare" in the table; up to ' + mostChosen + ' points stand here side by side.'));
  const details = new Map();
  for (const i of chosen) details.set(i, await detailOf(i));
  if (ticket !== compareTicket) return;
  const base = chosen[0], same = chosen.every((i) => D.of('workload', i) === D.of('workload', base));
  const kinds = new Set();
  const ratio = (i, m) => {
    if (i === base || !known(D.value(i, m)) || !known(D.value(base, m)) || !D.value(base, m)) return null;
    const r = ratioOf(i, base, m, details), better = D.maximised(m) ? r.value > 1 : r.value < 1;
    if (r.kind) kinds.add(r.kind);
    return el('div', {class: r.value === 1 ? '' : better ? 'better' : 'worse'}, times(r.value),
      r.kind ? el('div', {class: 'meta'}, times(r.low) + ' \u2026 ' + times(r.high), r.kind === 'paired' ? el('div', {}, 'better in ' + plain(100 * r.wins, 3) + ' % of ' + r.of + ' scenarios') : null) : null);
  };
  const measures = D.headline.filter((m) => chosen.some((i) => known(D.value(i, m))));
  const rows = measures.map((m) => [capital(D.label(m)), ...chosen.map((i) => {
    const interval = D.interval(i, m);
    return {text: [el('b', {}, D.show(i, m)), interval ? el('div', {class: 'meta'}, interval.map((v) => quantity(v, D.unit(m), 3)).join(' \u2026 ')) : null, ratio(i, m)], class: 'n'};
  })]);
  const text = (name, get) => {
    const values = chosen.map(get);
    if (values.some(Boolean)) rows.push([name, ...values.map((v) => ({text: v || '\u2013', class: 'n break'}))]);
  };
  text('Workload', (i) => D.of('workload', i));
  text('Format', (i) => D.of('format', i));
  for (const g of D.genes) text(g, (i) => D.of(g, i));
  text('Fidelity', (i) => D.of('fidelity', i));
  text('Time is', (i) => D.of('bound', i));
  text('Energy is', (i) => D.of('energy_category', i));
  if (chosen.some((i) => details.get(i)?.energy?.length))
    rows.push(['Energy by category', ...chosen.map((i) => {
      const parts = details.get(i)?.energy;
      if (!parts?.length) return {text: '\u2013', class: 'n'};
      const total = parts.reduce((s, p) => s + p[1], 0);
      return el('div', {style: {minWidth: '9rem'}}, el('div', {class: 'stack', role: 'img', 'aria-label': parts.map(([n, v]) => n + ' ' + share(v, total)).join(', ')},
        parts.map(([n, v]) => el('i', {style: {flex: String(v / total), background: colour(partColours[n] ?? 2)}, title: n + ' ' + quantity(v, 'J') + ', ' + share(v, total)}))),
        el('div', {class: 'meta', style: {textAlign: 'right'}}, parts.slice(0, 3).map(([n, v]) => n + ' ' + share(v, total)).join(', ')));
    })]);
  const head = chosen.map((i, k) => ({class: 'n', text: [el('div', {}, el('span', {style: {color: css('accent'), fontWeight: '700'}}, letter(k) + ' '), markSvg(D.family(i)), D.platform(i)),
    el('div', {class: 'no-print'}, k === 0 ? el('span', {class: 'meta'}, 'reference ') : el('button', {type: 'button', class: 'quiet', 'aria-label': 'Take ' + D.name(i) + ' as the reference', onclick() {
      state.chosen = [i, ...chosen.filter((c) => c !== i)];
      tell('chosen');
    }}, 'as reference'), el('button', {type: 'button', class: 'quiet', 'aria-label': 'Remove ' + D.name(i), onclick: () => choose(i)}, 'remove'))]}));
  fill(box, table(['', ...head], rows),
    el('p', {class: 'hint'}, chosen.length > 1 ? 'Ratios are to A. ' : '',
      kinds.has('paired') ? 'Intervals of ratios: 5 to 95 % over scenarios that both points share. ' : '',
      kinds.has('widest') ? 'Intervals of ratios marked without scenarios are the widest that both intervals allow; points that share unknowns differ less. ' : '',
      same ? '' : 'These points run different workloads; their ratios say little.'));
}
