// Elements, numbers for people, small helpers.
const byId = (id) => document.getElementById(id);

// Text always becomes a text node: names in a study are never read as markup.
function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props || {})) {
    if (key === 'class') node.className = value;
    else if (key === 'style') Object.assign(node.style, value);
    else if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, '');
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
  }
  for (const child of children.flat(Infinity))
    if (child !== null && child !== undefined && child !== false) node.append(child);
  return node;
}

function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
}

const known = (v) => v !== null && v !== undefined && Number.isFinite(v);

// Four significant digits, thousands apart, no exponent where a person would not write one.
function plain(v, digits = 4) {
  if (!known(v)) return '\u2013';
  if (v === 0) return '0';
  const size = Math.abs(v);
  if (size >= 1e9 || size < 1e-4) return v.toExponential(Math.max(0, digits - 2)).replace('e+', 'e');
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return v.toLocaleString('en-US', {maximumFractionDigits: Math.min(places, 10)});
}

const prefixes = [[1e15, 'P'], [1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k'], [1, ''],
                  [1e-3, 'm'], [1e-6, '\u00b5'], [1e-9, 'n'], [1e-12, 'p'], [1e-15, 'f']];

function quantity(v, unit, digits = 4) {
  if (!known(v)) return '\u2013';
  if (unit === '%') return plain(100 * v, digits) + ' %';
  if (unit === 'mm2') return plain(v, digits) + ' mm\u00b2';
  if (unit === '1' || !unit) return plain(v, digits);
  if (v === 0) return '0 ' + unit;
  // Rounded first, so that 999.96 ms becomes 1 s.
  const size = Math.abs(Number(v.toPrecision(digits)));
  const [factor, prefix] = prefixes.find(([f]) => size >= f) || prefixes[prefixes.length - 1];
  return plain(v / factor, digits) + ' ' + prefix + unit;
}

// Texts from files write "20 uJ".
const micro = (text) => text.replace(/(\d) u(?=[A-Za-z])/g, '$1 \u00b5');
const share = (part, whole, digits = 3) => (whole > 0 ? plain((100 * part) / whole, digits) + ' %' : '');
// Small distances as a share, large ones as a factor.
function apart(r) {
  return r < 1.1 ? plain(100 * (r - 1), 2) + ' %' : times(r);
}

// "3.2x", "1,200x", and "1/41.7x" for what would be a row of zeros
function times(r) {
  if (!known(r)) return '\u2013';
  if (r > 0 && r < 0.1) return '1/' + plain(1 / r, 3) + '\u00d7';
  return plain(r, r < 100 ? 3 : 4) + '\u00d7';
}
const count = (n, word) => n.toLocaleString('en-US') + ' ' + word + (n === 1 ? '' : 's');

function quantile(sorted, q) {
  const at = q * (sorted.length - 1), low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

function table(head, rows, props) {
  const cell = (tag) => (c) => {
    const {text, ...rest} = c !== null && typeof c === 'object' && !(c instanceof Node) ? c : {text: c};
    return el(tag, tag === 'th' ? {scope: 'col', ...rest} : rest, text);
  };
  return el('div', {class: 'scroll'}, el('table', props || {},
    el('thead', {}, el('tr', {}, head.map(cell('th')))),
    el('tbody', {}, rows.map((r) => el('tr', {}, r.map(cell('td')))))));
}
const num = (text) => ({text, class: 'n'});
