// Who beats whom when the assumptions move together: the best point of the workload against the best
// of every other platform.
function buildDuels() {
  const workload = D.workloads[state.workload], list = D.duels.filter((d) => d[4] === workload), box = byId('duels-body');
  if (!list.length)
    return fill(box, el('p', {class: 'empty'}, D.duels.length ? 'This workload has one platform only.'
      : 'The file holds no scenarios of its assumptions. `wattlas explore STUDY --uncertainty` computes them.'));
  const rowOf = new Map(D.id.map((id, i) => [id, i]));
  const metrics = [...new Set(list.map((d) => d[5]))];
  const percent = (p) => [meter(p, 1), ' ' + plain(100 * p, 3) + ' %'];
  const sideBySide = (d) => {
    const a = rowOf.get(d[0]), b = rowOf.get(d[2]);
    return a === undefined || b === undefined ? null : el('button', {type: 'button', class: 'quiet no-print',
      'aria-label': 'Show ' + d[1] + ' and ' + d[3] + ' side by side', onclick() {
        state.chosen = [a, b];
        tell('chosen');
        byId('compare').scrollIntoView({block: 'start'});
      }}, 'side by side');
  };
  fill(box, metrics.map((metric) => {
    const rows = list.filter((d) => d[5] === metric);
    const label = metric === 'time_s' ? 'time' : metric === 'energy_j' ? 'energy' : metric;
    return [el('h3', {style: {marginTop: '1rem'}}, rows[0][1] + ' needs the least ' + label + ' as given'),
      table(['Against', {text: 'needs less ' + label + ' in', class: 'n'}, {text: 'Ratio', class: 'n'}, {text: '5\u201395 %', class: 'n'}, 'Rests on', 'Level at', ''], rows.map((d) => [
        {text: d[3], class: 'break'}, {text: percent(d[6]), class: 'n ' + (d[6] < 0.5 ? 'worse' : '')}, num(times(d[7])), num(times(d[8]) + ' \u2026 ' + times(d[9])),
        {text: el('code', {}, d[10] || '\u2013'), class: 'break'}, {text: d[11] || '\u2013', class: 'break'}, sideBySide(d)]))];
  }), el('p', {class: 'hint'}, 'Percentages count the common scenarios: all assumptions inside their intervals, the same guess for both points. "Rests on": the assumption that moves the ratio most. "Level at": the value of one assumption, the others as given, at which both are equal; \u2013 where none reaches that inside its interval.'));
}
