// The data of the page. Two blocks, deflate and base64: columns of all points (results/report/
// report_rows.cpp), and one line of JSON per point with its breakdown (report_details.cpp).
async function unpack(id) {
  const node = byId(id), text = atob(node.textContent);
  node.remove();
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; ++i) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Response(stream).text();
}

let D = null;  // all columns
let detailLines = null, detailShared = null;

function decodeRows(raw) {
  const n = raw.id.length, columns = new Map();
  for (const c of raw.num) {
    const unit = c.name.startsWith('accuracy') || c.name.endsWith('_share') ? '%' : c.unit;
    columns.set(c.name, {...c, unit, v: c.v});
  }
  const text = (name, i) => raw.text[name].d[raw.text[name].v[i]];
  const objectives = raw.objectives.filter(([name]) => columns.has(name));
  const hostShare = (i) => columns.get('host_share')?.v[i] || 0;
  const hostNote = (i) => (hostShare(i) > 0.999 ? ' on its host' : hostShare(i) >= 0.05 ? ' + host ' + plain(100 * hostShare(i), 2) + ' %' : '');
  const quantiled = (name) => columns.has(name + '.p5') && columns.has(name + '.p95');
  const measures = [...columns.keys()].filter((c) => !/\.p(5|50|95)$/.test(c) && !/_se$|^(bound|energy_category)_share$/.test(c));
  // What a person looks at first; the axes offer all of them.
  const rare = /^(energy_breakdown_j\.|bound_s|fits|capacity|weights|host_share|inferences_per_s|energy_per_inference|tpot)/;
  return {
    ...raw, n, columns, measures,
    headline: measures.filter((c) => !rare.test(c) || objectives.some(([o]) => o === c)),
    objectives: objectives.length ? objectives
      : ['time_s', 'energy_j'].filter((c) => columns.has(c)).map((c) => [c, false]),
    workloads: raw.text.workload ? raw.text.workload.d : [],
    of: text,
    value: (i, name) => (columns.has(name) ? columns.get(name).v[i] : null),
    label: (name) => columns.get(name).label,
    unit: (name) => (columns.has(name) ? columns.get(name).unit : '1'),
    show: (i, name, digits) => quantity(columns.get(name)?.v[i], columns.get(name)?.unit, digits),
    interval(i, name) {
      if (!quantiled(name)) return null;
      const low = columns.get(name + '.p5').v[i], high = columns.get(name + '.p95').v[i];
      return known(low) && known(high) ? [low, high] : null;
    },
    exhaustive: /method: *"?exhaustive/.test(raw.meta.study),
    hasIntervals: [...columns.keys()].some((c) => c.endsWith('.p5')),
    feasible_: raw.feasible,
    feasible: (i) => raw.feasible[i] === '1',
    pareto: (i) => raw.pareto[i] === '1',
    onHost: (i) => text('device', i) === 'host',
    family: (i) => (text('device', i) === 'host' ? raw.hostFamily : raw.familyOf[raw.text.platform.v[i]]),
    maximised: (name) => objectives.some(([o, up]) => o === name && up) || columns.get(name)?.better === 'more',
    // How sure the best point of an objective is: {chance, value, low, high, unsure, rival, restsOn}.
    winners: raw.winners.map(([workload, metric, id, rival, restsOn, chance, value, low, high, unsure]) =>
      ({workload, metric, id, rival, restsOn, chance, value, low, high, unsure})),
    // What a person calls the point: platform, format, and the genes that differ in this file.
    platform: (i) => text('platform', i) + hostNote(i),
    name: (i) => text('platform', i) + hostNote(i) + (text('format', i) ? ' ' + text('format', i) : ''),
    settings: (i) => raw.genes.map((g) => [g, text(g, i)]).filter(([, v]) => v !== ''),
  };
}

async function detailOf(i) {
  if (!detailLines) detailLines = unpack('data-details').then((text) => {
    const lines = text.split('\n');
    detailShared = JSON.parse(lines[0]);
    return lines;
  });
  const line = (await detailLines)[i + 1];
  return line ? JSON.parse(line) : null;
}

function configText(ranges) {
  const out = [];
  for (const part of ranges ? ranges.split(',') : []) {
    const [from, to] = part.split('-').map(Number);
    for (let k = from; k <= (to ?? from); ++k) out.push(detailShared.lines[k]);
  }
  return out.join('\n') + '\n';
}
