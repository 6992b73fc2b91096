#include "cli/study_rows.h"

#include <tuple>

#include "accuracy/oracle.h"
#include "explorer/summary.h"
#include "models/metric.h"
#include "results/store_table.h"

namespace wattlas {
namespace {

/// An objective may be an expression; HDF5 keeps '/' for paths.
std::string columnOf(std::string name) {
  for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at))
    name.replace(at, 1, "÷");
  return name;
}

void addQuantiles(PointRow& row, const std::string& metric, const Quantiles& q) {
  row.extra.emplace_back(metric + ".p5", q.p5);
  row.extra.emplace_back(metric + ".p50", q.p50);
  row.extra.emplace_back(metric + ".p95", q.p95);
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
  if (!report.chances.empty()) writer.addTable(tableOf(report.chances));
  if (!comparisons.empty()) writer.addTable(tableOf(comparisons));
  if (!bars.empty()) writer.addTable(tableOf(bars));
  if (!values.empty()) writer.addTable(tableOf(values));
}

}  // namespace

std::vector<std::string> parameterKeys(const Study& study) {
  std::vector<std::string> keys;
  for (const DesignParameter& parameter : study.parameters) keys.push_back(parameter.key);
  return keys;
}

StudyRows::StudyRows(const Study& study, bool store) : study_(study) {
  for (const Objective& objective : study.objectives)
    objectives_.push_back(columnOf(objective.name));
  if (store)
    writer_.emplace(StoreHeader{study.name, study.scope, study.energy, study.tree.toYaml(),
                                parameterKeys(study)});
}

void StudyRows::finalise(const ExploreOutcome& outcome, const Context& context,
                         const std::function<bool()>& goesOn) {
  if (outcome.interrupted) return;
  measure(outcome, context);
  if (outcome.study.uncertainty == UncertaintyOf::none) return;
  uncertainty_ = assessUncertainty(outcome, context.registry, context.path, goesOn,
                                   [&](const std::vector<ExperimentSpec>& specs) {
                                     return evaluateAccepted(specs, context, goesOn);
                                   });
  for (std::size_t i = 0; i < uncertainty_.points.size(); ++i)
    intervals_[shortId(outcome.points[uncertainty_.points[i].point].id)] = i;
}

void StudyRows::measure(const ExploreOutcome& outcome, const Context& context) {
  AccuracyOptions options = outcome.study.accuracy;
  const auto measures = [](AccuracyKind kind) { return kind == AccuracyKind::measured; };
  if (std::none_of(options.kinds.begin(), options.kinds.end(), measures) || options.split == "test")
    return;
  options.kinds = {AccuracyKind::measured};
  options.split = "test";
  options.samples = 0;
  const auto oracle = makeOracle(options, context.path);
  ExperimentMaker maker(context.registry, context.path);
  for (const ExploredPoint& point : outcome.points)
    if (point.pareto && point.outcome.accuracyKind == "measured")
      final_[shortId(point.id)] = oracle->of(maker.make(specOf(outcome.study, point.design)));
}

void StudyRows::addTables(const ExploreOutcome& outcome) {
  if (!writer_) return;
  std::vector<ObjectiveInfo> objectives;
  for (std::size_t o = 0; o < objectives_.size(); ++o)
    objectives.push_back({objectives_[o], study_.objectives[o].maximise});
  writer_->addTable(tableOf(objectives));
  if (!outcome.history.empty()) writer_->addTable(tableOf(outcome.history));
  writer_->addTable(tableOf(outcome.effects));
  writer_->addTable(tableOf(outcome.regions));
  addUncertaintyTables(*writer_, outcome, uncertainty_);
}

PointRow StudyRows::add(const ExploredPoint& point) {
  PointRow row = rowOf(point);
  if (writer_) writer_->append(row, point.outcome.detail);
  return row;
}

PointRow StudyRows::rowOf(const ExploredPoint& point) const {
  const PointOutcome& o = point.outcome;
  PointRow row;
  row.id = shortId(point.id);
  row.platform = platformOf(study_, point.design);
  row.workload = study_.workloadName(static_cast<std::size_t>(point.design.workload));
  row.format = o.format;
  for (auto& [key, value] : parameterTexts(study_, point.design))
    if (key != "platform" && key != "format")
      row.parameters.emplace_back(key, value);
    else if (key == "format" && row.format.empty())
      row.format = value;
  row.fidelity = o.fidelity.empty() ? study_.fidelity : o.fidelity;
  row.scope = study_.scope;
  for (int m = 0; m < coreMetricCount; ++m)
    if (point.feasible() || metricAt(m).ofInfeasible) row[m] = metricOf(study_, o, m);
  row.device = ranOn(row[metricHostShare]);
  row.accuracyKind = o.accuracyKind;
  row.feasible = point.feasible();
  row.pareto = point.pareto;
  row.reason = o.reason;
  row.configHash = o.configHash;
  row.bound = o.topBound;
  row.boundShare = o.topBoundShare;
  std::tie(row.energyCategory, row.energyCategoryShare) = topEnergyCategory(study_, o);
  for (std::size_t i = 0; i < objectives_.size(); ++i) {
    const auto metric = findMetric(study_.objectives[i].name);
    if (metric && *metric < coreMetricCount) continue;  // a column of every row
    const double value = point.feasible() ? objectiveOf(study_, point, i) : missing;
    row.extra.emplace_back(objectives_[i], study_.objectives[i].maximise ? -value : value);
  }
  if (const auto at = final_.find(row.id); at != final_.end() && at->second.value) {
    row.extra.emplace_back("accuracy_test", rounded(*at->second.value));
    row.extra.emplace_back("accuracy_test_se", rounded(at->second.se.value_or(missing)));
  }
  const auto at = intervals_.find(row.id);
  if (at == intervals_.end()) return row;
  const PointUncertainty& u = uncertainty_.points[at->second];
  addQuantiles(row, "time_s", u.time);
  addQuantiles(row, "energy_j", u.energy);
  addQuantiles(row, "power_avg_w", u.power);
  for (std::size_t i = 0; i < objectives_.size(); ++i)
    if (objectives_[i] != "time_s" && objectives_[i] != "energy_j" &&
        objectives_[i] != "power_avg_w")
      addQuantiles(row, objectives_[i], u.objectives[i]);
  return row;
}

}  // namespace wattlas
