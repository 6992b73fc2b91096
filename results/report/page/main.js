// Start: unpack, draw, then listen.
async function start() {
  const began = performance.now();
  if (typeof DecompressionStream === 'undefined')
    throw new Error('this browser is too old for the report (it needs DecompressionStream: Chrome 80, Firefox 113, Safari 16.4 or newer)');
  try {
    wished = localStorage.getItem('wattlas-theme') || 'auto';
  } catch { /* a page from a file may have no storage */ }
  D = decodeRows(JSON.parse(await unpack('data-rows')));
  byId('theme').value = wished;
  applyTheme(false);
  buildHeader();
  buildWorkloads();
  buildAxes();
  buildFilters();
  wireScatter();
  when('visible', () => {
    points.page = 0;
    buildPoints();
  });
  when('selected chosen', markRow);
  when('selected', buildDetail);
  when('chosen', buildCompare);
  when('chosen', () => {
    const button = byId('detail-choose'), on = state.chosen.includes(state.selected);
    if (!button) return;
    button.textContent = on ? 'Remove from comparison' : 'Add to comparison';
    button.className = on ? '' : 'primary';
  });
  when('axes', buildSearch);
  when('theme', () => {
    buildLegend();
    buildGlance();
    buildPoints();
    buildDetail();
    buildCompare();
    buildSearch();
  });
  buildCompare();
  if (D.n) setWorkload(D.text.workload.v[0]);
  else {
    byId('cards').textContent = 'The file holds no points.';
    buildSearch();
  }
  buildAbout();
  wireTheme();
  document.documentElement.dataset.ready = String(Math.round(performance.now() - began));
}

function wireTheme() {
  byId('theme').addEventListener('change', (event) => {
    wished = event.target.value;
    try {
      localStorage.setItem('wattlas-theme', wished);
    } catch { /* then it is not remembered */ }
    applyTheme(false);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => applyTheme(false));
  byId('print').addEventListener('click', () => window.print());
  const redraw = () => [scatter.chart, ...searchCharts].forEach((c) => c?.resize());
  window.addEventListener('beforeprint', () => {
    applyTheme(true);
    redraw();
  });
  window.addEventListener('afterprint', () => {
    applyTheme(false);
    redraw();
  });
}

// For tests and for links from other programs: where a point stands, and what is chosen.
window.wattlasReport = {
  place: (i) => (scatter.px ? [scatter.px[i], scatter.py[i]] : null),
  state, select: (i) => select(i, true), front: () => [...scatter.front], size: () => D.n,
};

start().catch((error) => {
  const box = byId('failure');
  box.hidden = false;
  box.textContent = 'The report could not be shown: ' + error.message;
  console.error(error);
});
