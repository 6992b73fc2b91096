// What the reader has chosen, and who wants to know when it changes.
const state = {
  workload: 0, x: '', y: '', selected: -1, chosen: [], hidden: new Set(), text: '', genes: new Map(),
  feasibleOnly: false, paretoOnly: false, intervals: true, zoom: null,
  visible: [],  // rows of the workload that pass the filter
};
const listeners = {visible: [], selected: [], chosen: [], axes: [], theme: []};
const when = (what, run) => what.split(' ').forEach((w) => listeners[w].push(run));
const tell = (what) => listeners[what].forEach((run) => run());

const mostChosen = 6;
let haystacks = null;

function haystack(i) {
  haystacks = haystacks || new Array(D.n);
  return haystacks[i] ??= [D.of('platform', i), D.of('format', i), D.families[D.family(i)].name, D.id[i],
    D.of('fidelity', i), D.of('bound', i), D.of('reason', i),
    ...D.settings(i).map(([g, v]) => g + '=' + v)].join(' ').toLowerCase();
}

function refilter() {
  const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
  const genes = [...state.genes].filter(([, values]) => values.size);
  const workload = D.text.workload.v;
  state.visible = [];
  for (let i = 0; i < D.n; ++i) {
    if (workload[i] !== state.workload || state.hidden.has(D.family(i))) continue;
    if (state.feasibleOnly && !D.feasible(i)) continue;
    if (state.paretoOnly && !D.pareto(i)) continue;
    if (!genes.every(([gene, values]) => values.has(D.of(gene, i)))) continue;
    if (words.length && !words.every((w) => haystack(i).includes(w))) continue;
    state.visible.push(i);
  }
  tell('visible');
}

function select(i, announce) {
  state.selected = i;
  tell('selected');
  if (announce && i >= 0) byId('announce').textContent = spoken(i);
}

function spoken(i) {
  const axes = [...new Set([state.x, state.y])].filter(Boolean);
  return D.name(i) + ', ' + axes.map((a) => D.label(a) + ' ' + D.show(i, a)).join(', ') +
    (D.pareto(i) ? ', in the Pareto set' : '') + (D.feasible(i) ? '' : ', infeasible');
}

function choose(i) {
  if (i < 0) return;
  const at = state.chosen.indexOf(i);
  if (at >= 0) state.chosen.splice(at, 1);
  else if (state.chosen.length < mostChosen) state.chosen.push(i);
  else {
    byId('announce').textContent = 'Only ' + mostChosen + ' points stand side by side; remove one first.';
    return;
  }
  byId('announce').textContent = D.name(i) + (at >= 0 ? ' removed from' : ' added to') + ' the comparison';
  tell('chosen');
}

// The best of them without sorting all; `except` leaves a platform out. -1 = none.
function bestOf(rows, column, except) {
  const sign = D.maximised(column) ? -1 : 1;
  let best = -1;
  for (const i of rows) {
    const v = D.value(i, column);
    if (!known(v) || !D.feasible(i) || (except !== undefined && D.of('platform', i) === except)) continue;
    if (best < 0 || sign * v < sign * D.value(best, column)) best = i;
  }
  return best;
}

// The objectives of the workload that a point is the best in, with how sure that is.
function winsOf(i) {
  const workload = D.of('workload', i);
  return D.winners.filter((w) => w.id === D.id[i] && w.workload === workload);
}
const chance = (p) => (p > 0 && p < 0.01 ? '<1 %' : p < 1 && p > 0.99 ? '>99 %' : plain(100 * p, 3) + ' %');
function chanceText(w) {
  const unit = D.unit(w.metric), range = known(w.low) && known(w.high) && w.low < w.high;
  return 'best in ' + chance(w.chance) + ' of the scenarios' +
    (range ? ', where it is ' + quantity(w.low, unit, 3) + ' \u2026 ' + quantity(w.high, unit, 3) : '') +
    (w.unsure && w.restsOn ? '; rests on ' + w.restsOn : '') +
    (w.chance < 0.95 && w.rival ? '; most often beaten by ' + w.rival : '');
}

const workloadRows = new Map();
function rowsOfWorkload() {
  if (!workloadRows.has(state.workload)) {
    const rows = [];
    for (let i = 0; i < D.n; ++i) if (D.text.workload.v[i] === state.workload) rows.push(i);
    workloadRows.set(state.workload, rows);
  }
  return workloadRows.get(state.workload);
}
