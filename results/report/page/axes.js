// Axes of a chart: range, logarithm, ticks with units. Chart.js lays them out and draws them.
function rangeOf(values) {
  let low = Infinity, high = -Infinity;
  for (const v of values) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  if (low > high) return {low: 0, high: 1, log: false};
  if (low > 0 && high / low >= 20) {
    const margin = (high / low) ** 0.05;
    return {low: low / margin, high: high * margin, log: true};
  }
  const margin = high > low ? 0.06 * (high - low) : Math.abs(high) * 0.1 || 1;
  return {low: low >= 0 && low - margin < 0 ? 0 : low - margin, high: high + margin, log: false};
}

function logTicks(low, high) {
  const ticks = [], decades = Math.log10(high / low), step = Math.max(1, Math.ceil(decades / 8));
  for (let e = Math.floor(Math.log10(low)); 10 ** e <= high; ++e)
    for (const m of decades < 2.4 ? [1, 2, 5] : [1]) {
      const value = Number((m + 'e' + e));
      if (value >= low && value <= high && (m > 1 || e % step === 0)) ticks.push({value});
    }
  // Less than a decade between two ticks: fall back to round steps.
  return ticks.length > 1 ? ticks : linearTicks(low, high);
}

function linearTicks(low, high) {
  const raw = (high - low) / 5, power = 10 ** Math.floor(Math.log10(raw)), factor = raw / power;
  const step = power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10), ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k)
    ticks.push({value: Number((k * step).toPrecision(12))});
  return ticks;
}

function axisOptions(range, title, unit, more) {
  return {
    type: range.log ? 'logarithmic' : 'linear', min: range.low, max: range.high,
    title: {display: true, text: title, color: css('ink'), font: {size: 12, weight: '600'}},
    grid: {color: css('grid'), borderColor: css('dim'), tickLength: 4},
    ticks: {color: css('dim'), font: {size: 11}, maxRotation: 0, autoSkipPadding: 12,
            callback: (v) => quantity(v, unit, 3)},
    afterBuildTicks: (axis) => {
      axis.ticks = range.log ? logTicks(axis.min, axis.max) : linearTicks(axis.min, axis.max);
    },
    ...more,
  };
}

const unitWord = {s: 's', J: 'J', W: 'W', mm2: 'mm\u00b2', '%': '%', B: 'B', '1/s': '1/s'};
// Names of parameters and expressions stay as they are written.
const capital = (s) => /[_.()*]/.test(s) ? s : s.charAt(0).toUpperCase() + s.slice(1);
function axisTitle(name, range) {
  const unit = unitWord[D.unit(name)];
  return capital(D.label(name)) + (unit ? ' [' + unit + ']' : '') +
    (range.log ? ', logarithmic' : '') + (D.maximised(name) ? ', more is better' : ', less is better');
}
const chartBase = {animation: false, responsive: true, maintainAspectRatio: false, events: [],
                   plugins: {legend: {display: false}, tooltip: {enabled: false}}};
