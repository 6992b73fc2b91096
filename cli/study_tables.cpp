#include "cli/study_tables.h"

#include <algorithm>

#include "results/pairwise_table.h"

namespace wattlas {
namespace {

/// An objective may be an expression; HDF5 keeps '/' for paths.
std::string columnOf(const Objective& objective) {
  std::string name = objective.name;
  for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at))
    name.replace(at, 1, "÷");
  return name;
}

bool isFixed(const std::string& name) {
  const auto metric = findMetric(name);
  return metric && *metric < coreMetricCount;
}

}  // namespace

void addStudyTables(StoreWriter& writer, const ExploreOutcome& outcome) {
  std::vector<ObjectiveInfo> objectives;
  for (const Objective& o : outcome.study.objectives)
    objectives.push_back({columnOf(o), o.maximise});
  writer.addTable(objectivesTable(objectives));
  if (!outcome.history.empty()) writer.addTable(historyTable(outcome.history));
  writer.addTable(effectsTable(outcome.effects));
  writer.addTable(regionsTable(outcome.regions));
}

void addObjectives(PointRow& row, const Study& study, const ExploredPoint& point) {
  for (std::size_t i = 0; i < study.objectives.size(); ++i) {
    const Objective& objective = study.objectives[i];
    if (isFixed(objective.name)) continue;
    const double value = point.feasible() ? objectiveOf(study, point, i) : missing;
    row.extra.emplace_back(columnOf(objective), objective.maximise ? -value : value);
  }
}

void addQuantiles(PointRow& row, const Study& study, const PointUncertainty& point) {
  const auto add = [&](const std::string& metric, const Quantiles& q) {
    row.extra.emplace_back(metric + ".p5", q.p5);
    row.extra.emplace_back(metric + ".p50", q.p50);
    row.extra.emplace_back(metric + ".p95", q.p95);
  };
  add("time_s", point.time);
  add("energy_j", point.energy);
  add("power_avg_w", point.power);
  for (std::size_t o = 0; o < study.objectives.size(); ++o)
    if (const std::string name = columnOf(study.objectives[o]);
        name != "time_s" && name != "energy_j" && name != "power_avg_w")
      add(name, point.objectives[o]);
}

void addUncertaintyTables(StoreWriter& writer, const ExploreOutcome& outcome,
                          const UncertaintyReport& report) {
  std::vector<TornadoBar> bars;
  std::vector<ScenarioValue> values;
  for (const PointUncertainty& u : report.points) {
    const std::string id = shortId(outcome.points[u.point].id);
    for (const ParameterSwing& swing : u.swings)
      bars.push_back({id, swing.parameter, swing.low, swing.high, swing.metric, swing.confirmedLow,
                      swing.confirmedHigh});
    if (u.scenarios.infeasible > 0) continue;  // the numbers of those left are not known
    for (std::size_t s = 0; s < u.scenarios.timeS.size(); ++s)
      values.push_back(
          {id, static_cast<std::int64_t>(s), u.scenarios.timeS[s], u.scenarios.energyJ[s]});
  }
  std::vector<ComparisonRow> comparisons;
  for (const PointComparison& d : report.comparisons) {
    std::string level;
    for (const BreakEven& even : d.comparison.breakEven)
      level += (level.empty() ? "" : " or ") + even.parameter + " = " + even.value;
    comparisons.push_back({shortId(outcome.points[d.a].id), shortId(outcome.points[d.b].id),
                           d.comparison.metric, d.comparison.probability, d.comparison.ratio,
                           d.comparison.ratios.p5, d.comparison.ratios.p95,
                           d.comparison.decidedBy(), level});
  }
  if (!report.chances.empty()) writer.addTable(winnersTable(report.chances));
  if (!comparisons.empty()) writer.addTable(comparisonsTable(comparisons));
  if (!bars.empty()) writer.addTable(tornadoTable(bars));
  if (!values.empty()) writer.addTable(scenariosTable(values));
}

}  // namespace wattlas
