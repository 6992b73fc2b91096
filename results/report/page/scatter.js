// The scatter of design points. Chart.js owns layout and axes; marks are drawn in one path per
// family, and what moves (pointer, selection) on a canvas above, so that 10,000 points stay quick.
const scatter = {
  chart: null, drawn: [], px: null, py: null, cells: new Map(), front: [], hover: -1, drag: null,
  order: {x: [], y: []}, cell: 24,
};

function scatterPlugin() {
  return {id: 'marks', afterDatasetsDraw: (chart) => drawMarks(chart)};
}

function project(scale, range, horizontal) {
  const from = horizontal ? scale.left : scale.bottom, to = horizontal ? scale.right : scale.top;
  const f = range.log ? Math.log10 : (v) => v, low = f(range.low), high = f(range.high);
  return (v) => from + ((f(v) - low) / (high - low)) * (to - from);
}

function buildScatter() {
  const {x, y} = state;
  if (!x || !y) return;
  const usable = (v, r) => known(v) && (!r || !r.log || v > 0);
  scatter.drawn = state.visible.filter((i) => D.feasible(i) && known(D.value(i, x)) && known(D.value(i, y)));
  const ends = (axis) => {
    const values = scatter.drawn.map((i) => D.value(i, axis));
    if (state.intervals && scatter.drawn.length <= 400)
      for (const i of scatter.drawn) values.push(...(D.interval(i, axis) || []));
    return values;
  };
  scatter.rx = state.zoom?.x || rangeOf(ends(x));
  scatter.ry = state.zoom?.y || rangeOf(ends(y));
  scatter.drawn = scatter.drawn.filter((i) => usable(D.value(i, x), scatter.rx) && usable(D.value(i, y), scatter.ry));
  const byColumn = (axis) => [...scatter.drawn].sort((a, b) => D.value(a, axis) - D.value(b, axis) || a - b);
  scatter.order = {x: byColumn(x), y: byColumn(y)};
  const sx = D.maximised(x) ? -1 : 1, sy = D.maximised(y) ? -1 : 1;
  let best = Infinity;
  scatter.front = [];
  const sweep = sx > 0 ? scatter.order.x : [...scatter.order.x].reverse();
  for (const i of [...sweep].sort((a, b) => sx * (D.value(a, x) - D.value(b, x)) || sy * (D.value(a, y) - D.value(b, y))))
    if (sy * D.value(i, y) < best) {
      best = sy * D.value(i, y);
      scatter.front.push(i);
    }
  const scales = {x: axisOptions(scatter.rx, axisTitle(x, scatter.rx), D.unit(x)),
                  y: axisOptions(scatter.ry, axisTitle(y, scatter.ry), D.unit(y))};
  if (!scatter.chart)
    scatter.chart = new Chart(byId('scatter-base'), {type: 'scatter', data: {datasets: [{data: []}]},
      options: {...chartBase, scales, layout: {padding: {top: 6, right: 10}}}, plugins: [scatterPlugin()]});
  else {
    scatter.chart.options.scales = scales;
    scatter.chart.update();
  }
  byId('zoom-reset').hidden = !state.zoom;
  const front = scatter.drawn.filter((i) => D.pareto(i)).length;
  byId('shown').textContent = !scatter.drawn.length ? 'Nothing to draw: no feasible point shown has both numbers' : scatter.drawn.length.toLocaleString('en-US') + ' drawn, ' + front.toLocaleString('en-US') + ' in the Pareto set';
  byId('scatter').setAttribute('aria-label', 'Scatter chart of ' + count(scatter.drawn.length, 'point') + ', ' +
    D.label(x) + ' against ' + D.label(y) + ' for ' + D.workloads[state.workload]);
}

function drawMarks(chart) {
  const ctx = chart.ctx, area = chart.chartArea;
  const toX = project(chart.scales.x, scatter.rx, true), toY = project(chart.scales.y, scatter.ry, false);
  scatter.px = new Float32Array(D.n).fill(NaN);
  scatter.py = new Float32Array(D.n).fill(NaN);
  scatter.cells.clear();
  const groups = new Map(), taken = new Set();
  for (const i of scatter.drawn) {
    const x = toX(D.value(i, state.x)), y = toY(D.value(i, state.y));
    if (x < area.left - 1 || x > area.right + 1 || y < area.top - 1 || y > area.bottom + 1) continue;
    scatter.px[i] = x;
    scatter.py[i] = y;
    const cell = Math.floor(x / scatter.cell) + ',' + Math.floor(y / scatter.cell);
    if (!scatter.cells.has(cell)) scatter.cells.set(cell, []);
    scatter.cells.get(cell).push(i);
    const group = D.family(i) + (D.pareto(i) ? 'f' : 'h'), spot = group + Math.round(x) + ',' + Math.round(y);
    if (taken.has(spot)) continue;  // would cover another mark exactly
    taken.add(spot);
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(i);
  }
  ctx.save();
  ctx.beginPath();
  ctx.rect(area.left, area.top, area.right - area.left, area.bottom - area.top);
  ctx.clip();
  if (state.intervals) drawIntervals(ctx, toX, toY);
  const many = scatter.drawn.length > 2000, radius = many ? 2.6 : 4;
  for (const front of [false, true])
    for (const [group, members] of groups) {
      if ((group.endsWith('f')) !== front) continue;
      const f = parseInt(group, 10), shape = D.families[f].shape;
      ctx.beginPath();
      for (const i of members) trace(ctx, shape, scatter.px[i], scatter.py[i], front ? 5.4 : radius);
      ctx.globalAlpha = front ? 1 : many ? 0.5 : 0.62;
      if (front) {
        ctx.strokeStyle = css('card');
        ctx.lineWidth = 2.4;
        ctx.stroke();
        ctx.fillStyle = familyColour(f);
        ctx.fill();
      } else {
        ctx.strokeStyle = familyColour(f);
        ctx.lineWidth = 1.2;
        ctx.stroke();
      }
    }
  ctx.globalAlpha = 1;
  drawStairs(ctx, toX, toY);
  ctx.restore();
  drawTop();
}

function drawIntervals(ctx, toX, toY) {
  // A bar for each point would hide the picture; then only the Pareto set keeps its bars.
  const all = scatter.drawn.length <= 150;
  ctx.lineWidth = 1.1;
  for (const i of scatter.drawn) {
    if (!all && !D.pareto(i)) continue;
    const bars = [[D.interval(i, state.x), true], [D.interval(i, state.y), false]];
    ctx.globalAlpha = D.pareto(i) ? 0.85 : 0.35;
    ctx.strokeStyle = familyColour(D.family(i));
    ctx.beginPath();
    for (const [interval, horizontal] of bars) {
      if (!interval) continue;
      const x = toX(D.value(i, state.x)), y = toY(D.value(i, state.y));
      const [a, b] = interval.map(horizontal ? toX : toY);
      const line = horizontal ? [[a, y, b, y], [a, y - 3, a, y + 3], [b, y - 3, b, y + 3]]
                              : [[x, a, x, b], [x - 3, a, x + 3, a], [x - 3, b, x + 3, b]];
      for (const [x1, y1, x2, y2] of line) {
        ctx.moveTo(x1, y1);
        ctx.lineTo(x2, y2);
      }
    }
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
}

function drawStairs(ctx, toX, toY) {
  if (scatter.front.length < 2) return;
  ctx.beginPath();
  let last = null;
  for (const i of scatter.front) {
    const x = toX(D.value(i, state.x)), y = toY(D.value(i, state.y));
    if (last === null) ctx.moveTo(x, y);
    else {
      ctx.lineTo(x, last);
      ctx.lineTo(x, y);
    }
    last = y;
  }
  ctx.strokeStyle = css('dim');
  ctx.globalAlpha = 0.8;
  ctx.lineWidth = 1.2;
  ctx.setLineDash([5, 4]);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

// The best point of each objective carries its name; a dashed ring and the chance say that it rests
// on an unknown.
function drawWinners(ctx, box) {
  const named = new Set();
  ctx.font = '600 11px system-ui, sans-serif';
  for (const w of D.winners) {
    if (w.workload !== D.workloads[state.workload] || !scatter.px) continue;
    const i = D.id.indexOf(w.id);
    if (i < 0 || Number.isNaN(scatter.px[i]) || named.has(i)) continue;
    named.add(i);
    const wins = winsOf(i), unsure = wins.filter((v) => v.unsure), x = scatter.px[i], y = scatter.py[i];
    if (unsure.length) {
      ctx.beginPath();
      ctx.setLineDash([3, 2.5]);
      ctx.arc(x, y, 12, 0, 2 * Math.PI);
      ctx.strokeStyle = css('warn');
      ctx.lineWidth = 1.8;
      ctx.stroke();
      ctx.setLineDash([]);
    }
    const text = D.name(i) + (unsure.length ? ' ? (' + unsure.map((v) => D.label(v.metric) + ' ' + chance(v.chance)).join(', ') + ')' : '');
    const right = x + 16 + ctx.measureText(text).width > box.width - 10;
    ctx.textAlign = right ? 'right' : 'left';
    ctx.strokeStyle = css('card');
    ctx.lineWidth = 3;
    const tx = x + (right ? -15 : 15), ty = y < 20 ? y + 14 : y - 7;
    ctx.strokeText(text, tx, ty);
    ctx.fillStyle = css(unsure.length ? 'warn' : 'ink');
    ctx.fillText(text, tx, ty);
  }
}

// Selection, comparison letters, pointer and zoom frame.
function drawTop() {
  const canvas = byId('scatter-top'), box = byId('scatter').getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(box.width * ratio);
  canvas.height = Math.round(box.height * ratio);
  const ctx = canvas.getContext('2d');
  ctx.scale(ratio, ratio);
  const ring = (i, r, width, ink) => {
    if (i < 0 || !scatter.px || Number.isNaN(scatter.px[i])) return false;
    ctx.beginPath();
    ctx.arc(scatter.px[i], scatter.py[i], r, 0, 2 * Math.PI);
    ctx.strokeStyle = ink;
    ctx.lineWidth = width;
    ctx.stroke();
    return true;
  };
  drawWinners(ctx, box);
  ring(scatter.hover, 9, 1.5, css('dim'));
  state.chosen.forEach((i, k) => {
    if (!ring(i, 8.5, 1.6, css('accent'))) return;
    ctx.font = '700 11px system-ui, sans-serif';
    ctx.textAlign = 'center';
    const left = scatter.px[i] > box.width - 30, x = scatter.px[i] + (left ? -15 : 15);
    const y = scatter.py[i] - 9 < 12 ? scatter.py[i] + 18 : scatter.py[i] - 9;
    ctx.strokeStyle = css('card');
    ctx.lineWidth = 3;
    ctx.strokeText(letter(k), x, y);
    ctx.fillStyle = css('accent');
    ctx.fillText(letter(k), x, y);
  });
  if (state.selected >= 0 && ring(state.selected, 10, 4, css('card'))) ring(state.selected, 10, 2.2, css('accent'));
  if (scatter.drag?.moved) {
    const {x0, y0, x1, y1} = scatter.drag;
    ctx.fillStyle = css('accent');
    ctx.globalAlpha = 0.12;
    ctx.fillRect(Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0));
    ctx.globalAlpha = 1;
    ctx.strokeStyle = css('accent');
    ctx.lineWidth = 1;
    ctx.strokeRect(Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0));
  }
}
const letter = (k) => String.fromCharCode(65 + k);

function nearest(x, y) {
  let best = -1, least = 18 * 18;
  const cx = Math.floor(x / scatter.cell), cy = Math.floor(y / scatter.cell);
  for (let a = cx - 1; a <= cx + 1; ++a)
    for (let b = cy - 1; b <= cy + 1; ++b)
      for (const i of scatter.cells.get(a + ',' + b) || []) {
        // A member of the front lies on top, so it wins against one a little nearer.
        const d = (scatter.px[i] - x) ** 2 + (scatter.py[i] - y) ** 2 - (D.pareto(i) ? 16 : 0);
        if (d < least) {
          least = d;
          best = i;
        }
      }
  return best;
}

function showTip(i) {
  const tip = byId('tip');
  tip.hidden = i < 0 || Number.isNaN(scatter.px[i]);
  if (tip.hidden) return;
  const line = (c) => {
    const interval = D.interval(i, c);
    return el('div', {}, capital(D.label(c)) + ' ' + D.show(i, c) +
      (interval ? ' (' + interval.map((v) => quantity(v, D.unit(c), 3)).join(' \u2026 ') + ')' : ''));
  };
  fill(tip, el('b', {}, D.name(i)), [...new Set([state.x, state.y])].map(line),
    D.settings(i).slice(0, 5).map(([g, v]) => el('div', {}, g + ' ' + v)), D.pareto(i) ? el('div', {}, 'In the Pareto set') : null,
    winsOf(i).map((w) => el('div', {}, capital(D.label(w.metric)) + ': ' + chanceText(w))));
  const box = byId('scatter').getBoundingClientRect(), x = scatter.px[i], y = scatter.py[i];
  tip.style.left = Math.max(0, x + 14 + tip.offsetWidth > box.width ? x - 14 - tip.offsetWidth : x + 14) + 'px';
  tip.style.top = Math.max(0, Math.min(y - 10, box.height - tip.offsetHeight)) + 'px';
}
