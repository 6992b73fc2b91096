// Header, workloads, axes, legend and filters.
function buildHeader() {
  const m = D.meta, feasible = [...D.feasible_].filter((c) => c === '1').length;
  const parts = [count(m.points, 'design point'), feasible.toLocaleString('en-US') + ' feasible',
    count(D.workloads.length, 'workload'), 'scope ' + m.scope,
    m.energyMode === 'tdp' ? 'energy from rated power' : 'energy from activity'];
  if (m.shown < m.points)
    parts.push('this page holds ' + m.shown.toLocaleString('en-US') + ' of them, all of the Pareto sets included');
  byId('subtitle').textContent = parts.join('  \u00b7  ');
  fill(byId('sections'), [['glance', 'At a glance'], ['explore', 'Design points'], ['compare', 'Side by side'], ['duels', 'How sure'],
    ['search', 'The search'], ['about', 'About']].map(([id, text]) => el('a', {href: '#' + id}, text)));
}

function buildWorkloads() {
  const box = byId('workloads');
  if (D.workloads.length > 8) {
    fill(box, el('select', {'aria-label': 'Workload', onchange: (e) => setWorkload(Number(e.target.value))},
      D.workloads.map((w, k) => el('option', {value: k}, w))));
    return;
  }
  fill(box, D.workloads.map((w, k) => el('button', {type: 'button', 'aria-pressed': String(k === state.workload),
    onclick: () => setWorkload(k)}, w)));
}

function setWorkload(k) {
  state.workload = k;
  state.zoom = null;
  state.genes.clear();
  byId('workloads').querySelectorAll('button').forEach((b, at) => b.setAttribute('aria-pressed', String(at === k)));
  buildLegend();
  buildGeneFilter();
  buildGlance();
  refilter();
  const first = D.objectives[0]?.[0] ?? D.measures[0], best = first ? bestOf(rowsOfWorkload(), first) : -1;
  select(best >= 0 ? best : state.visible[0] ?? -1, false);
  buildSearch();
  buildDuels();
}

function buildAxes() {
  const firsts = D.objectives.map(([name]) => name).filter((n) => D.measures.includes(n));
  const names = [...new Set([...firsts, ...D.measures])];
  state.x = names[0] || '';
  state.y = names[1] || names[0] || '';
  for (const axis of ['x', 'y']) {
    const select = byId('axis-' + axis);
    fill(select, names.map((n) => el('option', {value: n, selected: n === state[axis]},
      capital(D.label(n)) + (firsts.includes(n) ? '' : ' (not an objective)'))));
    select.addEventListener('change', () => {
      state[axis] = select.value;
      state.zoom = null;
      tell('axes');
    });
  }
  byId('intervals-label').hidden = !D.hasIntervals;
}

function buildLegend() {
  const present = new Map();
  for (const i of rowsOfWorkload()) present.set(D.family(i), (present.get(D.family(i)) || 0) + 1);
  fill(byId('legend'), [...present].sort((a, b) => a[0] - b[0]).map(([f, n]) => el('button', {type: 'button',
    'aria-pressed': String(!state.hidden.has(f)), title: count(n, 'point'), onclick(event) {
      state.hidden.has(f) ? state.hidden.delete(f) : state.hidden.add(f);
      event.currentTarget.setAttribute('aria-pressed', String(!state.hidden.has(f)));
      refilter();
    }}, markSvg(f), D.families[f].name)));
}

function buildFilters() {
  const later = (run) => {
    let timer = 0;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(run, 120);
    };
  };
  const text = el('input', {type: 'search', id: 'filter-text', placeholder: 'Filter: platform, format, gene=value',
    'aria-label': 'Filter by text; all words must occur'});
  text.addEventListener('input', later(() => {
    state.text = text.value;
    refilter();
  }));
  const check = (key, label) => el('label', {class: 'check'}, el('input', {type: 'checkbox', id: 'filter-' + key,
    onchange(event) {
      state[key] = event.target.checked;
      refilter();
    }}), label);
  fill(byId('filters'), text, el('span', {id: 'gene-filter', class: 'bar'}),
    check('paretoOnly', 'Pareto set only'), check('feasibleOnly', 'feasible only'),
    el('button', {type: 'button', class: 'quiet', id: 'filter-clear', onclick() {
      text.value = state.text = '';
      for (const key of ['paretoOnly', 'feasibleOnly']) state[key] = byId('filter-' + key).checked = false;
      state.genes.clear();
      state.hidden.clear();
      buildLegend();
      buildGeneFilter();
      refilter();
    }}, 'Clear'));
  when('visible', () => {
    const genes = [...state.genes].map(([g, vs]) => g + ' = ' + [...vs].join(' or ')).join('; ');
    byId('filter-state').textContent = [state.text && 'text "' + state.text + '"', genes,
      state.paretoOnly && 'Pareto set only', state.feasibleOnly && 'feasible only'].filter(Boolean).join('; ') ;
  });
}

function buildGeneFilter() {
  const rows = rowsOfWorkload(), values = (g) => [...new Set(rows.map((i) => D.of(g, i)))];
  const varying = ['platform', 'format', ...D.genes].filter((g) => values(g).length > 1);
  const gene = el('select', {id: 'filter-gene', 'aria-label': 'Gene to filter by'},
    el('option', {value: ''}, 'Filter by gene \u2026'), varying.map((g) => el('option', {value: g}, g)));
  const value = el('select', {id: 'filter-value', 'aria-label': 'Value of the gene', hidden: true});
  gene.addEventListener('change', () => {
    value.hidden = !gene.value;
    if (gene.value) fill(value, el('option', {value: '-1'}, 'value \u2026'),
      values(gene.value).map((v, k) => el('option', {value: k}, v === '' ? '(inactive)' : v)));
  });
  value.addEventListener('change', () => {
    const picked = values(gene.value)[Number(value.value)];
    if (picked === undefined) return;
    if (!state.genes.has(gene.value)) state.genes.set(gene.value, new Set());
    state.genes.get(gene.value).add(picked);
    value.value = '-1';
    chips();
    refilter();
  });
  const shown = el('span', {class: 'chips'});
  const chips = () => fill(shown, [...state.genes].flatMap(([g, vs]) => [...vs].map((v) =>
    el('button', {type: 'button', class: 'chip', 'aria-label': 'Remove the filter ' + g + ' = ' + (v || 'inactive'), onclick() {
      vs.delete(v);
      if (!vs.size) state.genes.delete(g);
      chips();
      refilter();
    }}, g + ' = ' + (v || '(inactive)') + ' \u00d7'))));
  fill(byId('gene-filter'), varying.length ? [gene, value, shown] : []);
  chips();
}

// The best point of each objective, and how far the next platform is.
function buildGlance() {
  const rows = rowsOfWorkload(), cards = [], formats = new Set(rows.map((i) => D.of('format', i))).size;
  for (const [name, maximise] of D.objectives) {
    const best = bestOf(rows, name);
    if (best < 0) continue;
    const next = bestOf(rows, name, D.of('platform', best));
    const win = winsOf(best).find((w) => w.metric === name), unsure = win?.unsure;
    const ratio = next < 0 ? null : maximise ? D.value(best, name) / D.value(next, name) : D.value(next, name) / D.value(best, name);
    cards.push(el('button', {type: 'button', class: 'card glance', onclick: () => {
      select(best, true);
      byId('detail').focus({preventScroll: true});
      byId('explore').scrollIntoView();
    }}, el('div', {class: 'what'}, (maximise ? 'Most ' : 'Least ') + D.label(name)), el('div', {class: 'value'}, D.show(best, name), unsure ? el('span', {class: 'unsure', title: 'rests on an unknown'}, ' ?') : null),
    el('div', {class: 'who'}, markSvg(D.family(best)), ' ' + D.name(best)),
    win ? el('div', {class: unsure ? 'gap unsure' : 'gap'}, capital(chanceText(win))) : null,
    D.of('accuracy_kind', best) === 'none' && formats > 1 ? el('div', {class: 'gap'}, 'Accuracy in ' + D.of('format', best) + ' unknown') : null,
    next < 0 ? null : el('div', {class: 'gap'}, ratio > 1.0005 ? apart(ratio) + ' ahead of ' + D.name(next) : 'equal to ' + D.name(next))));
  }
  const feasible = rows.filter((i) => D.feasible(i)), front = feasible.filter((i) => D.pareto(i));
  const lacking = feasible.filter((i) => D.objectives.some(([name]) => !known(D.value(i, name)))).length;
  const platforms = [...new Set(front.map((i) => D.of('platform', i)))];
  cards.push(el('div', {class: 'card'}, el('div', {class: 'glance', style: {cursor: 'auto'}}, el('div', {class: 'what'}, 'Pareto set'),
    el('div', {class: 'value'}, String(front.length) + ' of ' + feasible.length.toLocaleString('en-US')),
    el('div', {class: 'who'}, count(platforms.length, 'platform')),
    el('div', {class: 'gap'}, count(rows.length - feasible.length, 'point') + ' infeasible' +
      (lacking ? '; ' + count(lacking, 'point') + ' without a number for every objective, not compared' : '')))));
  fill(byId('cards'), feasible.length ? cards : el('p', {class: 'empty'}, 'No design is feasible for this workload; the reasons are under "The search".'));
}
