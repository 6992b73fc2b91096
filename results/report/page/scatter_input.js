// Pointer and keyboard in the scatter.
function setHover(i) {
  if (i === scatter.hover) return;
  scatter.hover = i;
  drawTop();
  showTip(i);
}

function zoomTo(x0, y0, x1, y1) {
  const {x, y} = scatter.chart.scales, span = (a, b, r) => ({low: Math.min(a, b), high: Math.max(a, b), log: r.log});
  state.zoom = {x: span(x.getValueForPixel(x0), x.getValueForPixel(x1), scatter.rx),
                y: span(y.getValueForPixel(y0), y.getValueForPixel(y1), scatter.ry)};
  buildScatter();
}
function zoomBy(factor) {
  const area = scatter.chart.chartArea, i = state.selected;
  const inside = i >= 0 && !Number.isNaN(scatter.px[i]);
  const cx = inside ? scatter.px[i] : (area.left + area.right) / 2, cy = inside ? scatter.py[i] : (area.top + area.bottom) / 2;
  zoomTo(cx - (cx - area.left) * factor, cy - (cy - area.top) * factor, cx + (area.right - cx) * factor, cy + (area.bottom - cy) * factor);
}
function resetZoom() {
  state.zoom = null;
  buildScatter();
}

function stepSelection(axis, by) {
  const order = scatter.order[axis];
  if (!order.length) return;
  const at = order.indexOf(state.selected);
  const next = at < 0 ? (by > 0 ? 0 : order.length - 1) : Math.min(order.length - 1, Math.max(0, at + by));
  select(order[next], true);
}

function scatterKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const order = scatter.order.x, front = scatter.front;
  const keys = {
    ArrowRight: () => stepSelection('x', 1), ArrowLeft: () => stepSelection('x', -1),
    ArrowUp: () => stepSelection('y', 1), ArrowDown: () => stepSelection('y', -1),
    Home: () => order.length && select(order[0], true),
    End: () => order.length && select(order[order.length - 1], true),
    f: () => front.length && select(front[(front.indexOf(state.selected) + 1) % front.length], true),
    Enter: () => choose(state.selected), ' ': () => choose(state.selected),
    '+': () => zoomBy(0.6), '=': () => zoomBy(0.6), '-': () => zoomBy(1 / 0.6), Escape: resetZoom,
  };
  const run = keys[event.key] || keys[event.key.toLowerCase()];
  if (!run) return;
  event.preventDefault();
  run();
  showTip(event.key === 'Escape' ? -1 : state.selected);
}

function wireScatter() {
  const plot = byId('scatter');
  const at = (event) => {
    const box = plot.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  plot.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || event.pointerType === 'touch') return;
    const [x, y] = at(event);
    scatter.drag = {x0: x, y0: y, x1: x, y1: y, moved: false};
  });
  plot.addEventListener('pointermove', (event) => {
    const [x, y] = at(event), drag = scatter.drag;
    if (drag) {
      drag.x1 = x;
      drag.y1 = y;
      if (!drag.moved && Math.hypot(x - drag.x0, y - drag.y0) > 8) {
        drag.moved = true;
        plot.setPointerCapture(event.pointerId);
        setHover(-1);
      }
      if (drag.moved) return drawTop();
    }
    setHover(nearest(x, y));
  });
  plot.addEventListener('pointerup', () => {
    const drag = scatter.drag;
    scatter.drag = null;
    if (!drag?.moved) return;
    plot.addEventListener('click', (e) => e.stopImmediatePropagation(), {capture: true, once: true});
    if (Math.abs(drag.x1 - drag.x0) > 8 && Math.abs(drag.y1 - drag.y0) > 8) zoomTo(drag.x0, drag.y0, drag.x1, drag.y1);
    else drawTop();
  });
  plot.addEventListener('pointercancel', () => (scatter.drag = null));
  plot.addEventListener('pointerleave', () => setHover(-1));
  plot.addEventListener('click', (event) => {
    const i = nearest(...at(event));
    if (i >= 0) select(i, true);
  });
  plot.addEventListener('dblclick', resetZoom);
  plot.addEventListener('keydown', scatterKey);
  plot.addEventListener('blur', () => showTip(-1));
  byId('zoom-reset').addEventListener('click', () => {
    resetZoom();
    plot.focus();
  });
  byId('intervals').addEventListener('change', (event) => {
    state.intervals = event.target.checked;
    buildScatter();
  });
  when('visible axes theme', buildScatter);
  when('selected chosen', drawTop);
}
