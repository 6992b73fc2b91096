// The table of points that pass the filter: the same choice as in the chart, without a picture.
const points = {sort: null, up: false, page: 0, size: 25};

function pointColumns() {
  const values = (g) => new Set(state.visible.slice(0, 2000).map((i) => D.of(g, i))).size;
  const genes = D.genes.filter((g) => values(g) > 1).slice(0, 4);
  const objectives = D.objectives.map(([n]) => n), more = ['time_s', 'energy_j', 'power_peak_w', 'area_mm2', 'accuracy'];
  return {genes, numbers: [...new Set([...objectives, ...more])].filter((n) => D.columns.has(n)).slice(0, 7)};
}

function sortedPoints(numbers) {
  const {sort, up} = points;
  if (!sort) {
    const first = numbers[0], sign = first && D.maximised(first) ? -1 : 1;
    const cost = (i) => (first && known(D.value(i, first)) ? sign * D.value(i, first) : Infinity);
    return [...state.visible].sort((a, b) => D.pareto(b) - D.pareto(a) || D.feasible(b) - D.feasible(a) || cost(a) - cost(b) || a - b);
  }
  const sign = up ? -1 : 1;
  if (D.columns.has(sort)) {
    const v = (i) => D.value(i, sort);
    return [...state.visible].sort((a, b) => known(v(b)) - known(v(a)) || sign * (v(a) - v(b)) || a - b);
  }
  return [...state.visible].sort((a, b) => sign * D.of(sort, a).localeCompare(D.of(sort, b), 'en', {numeric: true}) || a - b);
}

const unsureIn = (i, name) => winsOf(i).some((w) => w.metric === name && w.unsure);

// The points that pass the filter with all numbers, as a file.
function savePoints() {
  const cell = (v) => (/[",\n]/.test(v) ? '"' + v.replaceAll('"', '""') + '"' : v);
  const texts = ['platform', 'workload', 'format', ...D.genes, 'fidelity', 'device'], numbers = [...D.columns.keys()];
  const lines = state.visible.map((i) => [D.id[i], ...texts.map((t) => D.of(t, i)), D.feasible(i), D.pareto(i),
    ...numbers.map((n) => D.value(i, n) ?? '')].map(String).map(cell).join(','));
  const head = ['point_id', ...texts, 'feasible', 'pareto', ...numbers].map(cell).join(',');
  const link = el('a', {href: URL.createObjectURL(new Blob([head + '\n' + lines.join('\n') + '\n'], {type: 'text/csv'})), download: 'points.csv'});
  link.click();
  URL.revokeObjectURL(link.href);
}

function buildPoints() {
  const {genes, numbers} = pointColumns(), rows = sortedPoints(numbers);
  const pages = Math.max(1, Math.ceil(rows.length / points.size));
  points.page = Math.min(points.page, pages - 1);
  const shown = rows.slice(points.page * points.size, (points.page + 1) * points.size);
  const head = (key, text, number) => el('th', {scope: 'col', class: number ? 'n' : '',
    'aria-sort': points.sort === key ? (points.up ? 'descending' : 'ascending') : 'none'},
    el('button', {type: 'button', 'data-sort': key, onclick() {
      points.up = points.sort === key && !points.up;
      points.sort = key;
      points.page = 0;
      buildPoints();
      byId('points').querySelector('[data-sort="' + CSS.escape(key) + '"]').focus();
    }}, text, points.sort === key ? (points.up ? ' \u25be' : ' \u25b4') : ''));
  const row = (i) => el('tr', {'data-row': i, class: i === state.selected ? 'on' : '', onclick: () => select(i, true)},
    el('td', {}, markSvg(D.family(i), !D.pareto(i)), el('button', {type: 'button', class: 'link', 'aria-pressed': String(i === state.selected), 'aria-label': 'Select ' + spoken(i)}, D.platform(i))),
    el('td', {}, D.of('format', i)), genes.map((g) => el('td', {}, D.of(g, i))),
    numbers.map((n) => el('td', {class: 'n'}, D.show(i, n), unsureIn(i, n) ? el('span', {class: 'unsure', title: 'rests on an unknown'}, ' ?') : null)),
    el('td', {}, D.pareto(i) ? ['Pareto', winsOf(i).map((w) => el('div', {class: w.unsure ? 'meta unsure' : 'meta'}, 'best ' + D.label(w.metric) + ' in ' + chance(w.chance)))] : D.feasible(i) ? '' : el('span', {class: 'worse', title: D.of('reason', i)}, 'infeasible')),
    el('td', {class: 'no-print'}, el('input', {type: 'checkbox', 'aria-label': 'Compare ' + D.name(i), checked: state.chosen.includes(i), onclick(e) {
      e.stopPropagation();
      choose(i);
      e.target.checked = state.chosen.includes(i);
    }})));
  const turn = (text, by, off) => el('button', {type: 'button', class: 'no-print', disabled: off, onclick() {
    points.page += by;
    buildPoints();
    byId('points').querySelector('.pager button:not(:disabled)')?.focus();
  }}, text);
  fill(byId('points'),
    rows.length ? el('div', {class: 'scroll'}, el('table', {}, el('caption', {class: 'visually-hidden'}, 'Design points that pass the filter'),
      el('thead', {}, el('tr', {}, head('platform', 'Platform'), head('format', 'Format'), genes.map((g) => head(g, g)),
        numbers.map((n) => head(n, capital(D.label(n)), true)), el('th', {scope: 'col'}, 'Set'), el('th', {scope: 'col', class: 'no-print'}, 'Compare'))),
      el('tbody', {}, shown.map(row)))) : el('p', {class: 'empty'}, 'No point passes the filter.'),
    el('div', {class: 'pager'}, el('button', {type: 'button', class: 'quiet no-print', onclick: savePoints}, 'Save these as CSV'), el('span', {id: 'points-count'}, rows.length.toLocaleString('en-US') + ' of ' + count(rowsOfWorkload().length, 'point')),
      pages > 1 ? [turn('Previous', -1, points.page === 0), el('span', {}, 'page ' + (points.page + 1) + ' of ' + pages.toLocaleString('en-US')), turn('Next', 1, points.page === pages - 1)] : null));
}

function markRow() {
  for (const row of byId('points').querySelectorAll('tbody tr')) {
    const i = Number(row.dataset.row), on = i === state.selected;
    row.className = on ? 'on' : '';
    row.querySelector('button.link').setAttribute('aria-pressed', String(on));
    row.querySelector('input').checked = state.chosen.includes(i);
  }
}
