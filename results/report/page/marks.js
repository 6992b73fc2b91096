// Marks of families, the same shapes as in the plots of `wattlas plot`, and the theme's colours.
function polygon(x, y, r, corners, start, inner) {
  const out = [], points = inner < 1 ? 2 * corners : corners;
  for (let i = 0; i < points; ++i) {
    const angle = ((start + (360 * i) / points) * Math.PI) / 180, radius = i % 2 ? r * inner : r;
    out.push([x + radius * Math.cos(angle), y + radius * Math.sin(angle)]);
  }
  return out;
}
// Radii that give all shapes about the same area.
const shapes = {
  square: (x, y, r) => polygon(x, y, r * 1.25, 4, 45, 1), diamond: (x, y, r) => polygon(x, y, r * 1.3, 4, 0, 1),
  up: (x, y, r) => polygon(x, y, r * 1.4, 3, -90, 1), down: (x, y, r) => polygon(x, y, r * 1.4, 3, 90, 1),
  hexagon: (x, y, r) => polygon(x, y, r * 1.15, 6, 0, 1), plus: (x, y, r) => polygon(x, y, r * 1.4, 4, 0, 0.42),
  cross: (x, y, r) => polygon(x, y, r * 1.4, 4, 45, 0.42), star: (x, y, r) => polygon(x, y, r * 1.5, 5, -90, 0.45),
};

// Adds a mark to the current path.
function trace(ctx, shape, x, y, r) {
  if (shape === 'circle') {
    ctx.moveTo(x + r, y);
    ctx.arc(x, y, r, 0, 2 * Math.PI);
    return;
  }
  shapes[shape](x, y, r).forEach(([px, py], k) => (k ? ctx.lineTo(px, py) : ctx.moveTo(px, py)));
  ctx.closePath();
}

const dark = () => document.documentElement.dataset.theme === 'dark';
const familyColour = (f) => D.families[f][dark() ? 'dark' : 'light'];
const colour = (k) => D.palette[k % D.palette.length][dark() ? 1 : 0];
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();

function markSvg(f, hollow) {
  const ns = 'http://www.w3.org/2000/svg', svg = document.createElementNS(ns, 'svg');
  const family = D.families[f];
  for (const [k, v] of [['width', 14], ['height', 14], ['viewBox', '0 0 14 14'], ['aria-hidden', 'true']])
    svg.setAttribute(k, v);
  const node = document.createElementNS(ns, family.shape === 'circle' ? 'circle' : 'path');
  if (family.shape === 'circle') for (const [k, v] of [['cx', 7], ['cy', 7], ['r', 4.6]]) node.setAttribute(k, v);
  else node.setAttribute('d', 'M' + shapes[family.shape](7, 7, 4.4).map((p) => p.map((v) => v.toFixed(2)).join(' ')).join('L') + 'Z');
  node.setAttribute('fill', hollow ? 'none' : familyColour(f));
  node.setAttribute('stroke', familyColour(f));
  node.setAttribute('stroke-width', 1.4);
  svg.append(node);
  return svg;
}

let wished = 'auto';
function applyTheme(print) {
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  document.documentElement.dataset.theme = print ? 'light' : wished === 'auto' ? system : wished;
  Chart.defaults.color = css('dim');
  Chart.defaults.borderColor = css('grid');
  tell('theme');
}
