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
    buildDuels();
  });
  buildCompare();
  if (D.n) setWorkload(D.text.workload.v[0]);
  else {
    byId('cards').textContent = 'The file holds no points.';
    buildSearch();
    buildDuels();
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
  // On paper charts are pictures: a canvas keeps its pixels of the screen and would be cut. The theme
  // rebuilds some charts in microtasks, which run before the second listener.
  window.addEventListener('beforeprint', () => applyTheme(true));
  window.addEventListener('beforeprint', () => Object.values(Chart.instances).forEach(pictureOf));
  window.addEventListener('afterprint', () => {
    document.querySelectorAll('img.print-only').forEach((img) => img.remove());
    applyTheme(false);
  });
}

function pictureOf(chart) {
  if (!chart.canvas?.isConnected || !chart.canvas.width) return;
  chart.options.devicePixelRatio = 2;
  chart.resize();
  const picture = document.createElement('canvas'), ctx = picture.getContext('2d');
  picture.width = chart.canvas.width;
  picture.height = chart.canvas.height;
  for (const layer of chart.canvas.parentNode.querySelectorAll('canvas'))
    ctx.drawImage(layer, 0, 0, picture.width, picture.height);
  chart.canvas.parentNode.append(el('img', {class: 'print-only', src: picture.toDataURL(), alt: chart.canvas.getAttribute('aria-label') || 'Chart'}));
  delete chart.options.devicePixelRatio;
  chart.resize();
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
