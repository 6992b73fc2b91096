#include "cli/study_rows.h"

#include <tuple>

#include "accuracy/oracle.h"
#include "cli/study_tables.h"
#include "explorer/summary.h"
#include "models/metric.h"

namespace wattlas {

std::vector<std::string> parameterKeys(const Study& study) {
  std::vector<std::string> keys;
  for (const DesignParameter& parameter : study.parameters) keys.push_back(parameter.key);
  return keys;
}

StudyRows::StudyRows(const Study& study, bool store, bool keep) : keep_(keep) {
  if (store)
    writer_.emplace(StoreHeader{study.name, study.scope, study.energy, study.tree.toYaml(),
                                parameterKeys(study)});
}

void StudyRows::row(const Study& study, const ExploredPoint& point) {
  PointRow row = rowOf(study, point);
  if (const auto at = intervals_.find(row.id); at != intervals_.end())
    addQuantiles(row, study, uncertainty_->points[at->second]);
  if (const auto at = final_.find(row.id); at != final_.end() && at->second.value) {
    row.extra.emplace_back("accuracy_test", rounded(*at->second.value));
    row.extra.emplace_back("accuracy_test_se", rounded(at->second.se.value_or(missing)));
  }
  if (writer_) writer_->append(row, point.outcome.detail);
  if (keep_) rows_.push_back(std::move(row));
}

void StudyRows::useUncertainty(const ExploreOutcome& outcome, const UncertaintyReport& report) {
  uncertainty_ = &report;
  for (std::size_t i = 0; i < report.points.size(); ++i)
    intervals_[shortId(outcome.points[report.points[i].point].id)] = i;
}

void StudyRows::finalise(const ExploreOutcome& outcome, const Context& context) {
  AccuracyOptions options = outcome.study.accuracy;
  const auto measures = [](AccuracyKind kind) { return kind == AccuracyKind::measured; };
  if (std::none_of(options.kinds.begin(), options.kinds.end(), measures) ||
      options.split == "test" || outcome.interrupted)
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
  addStudyTables(*writer_, outcome);
  if (uncertainty_ != nullptr) addUncertaintyTables(*writer_, outcome, *uncertainty_);
}

PointRow rowOf(const Study& study, const ExploredPoint& point) {
  const PointOutcome& o = point.outcome;
  PointRow row;
  row.id = point.id.hex().substr(0, 16);
  row.platform = platformOf(study, point.design);
  row.workload = study.workloadName(static_cast<std::size_t>(point.design.workload));
  row.format = o.format;
  for (auto& [key, value] : parameterTexts(study, point.design))
    if (key != "platform" && key != "format")
      row.parameters.emplace_back(key, value);
    else if (key == "format" && row.format.empty())
      row.format = value;
  row.fidelity = o.fidelity.empty() ? study.fidelity : o.fidelity;
  row.scope = study.scope;
  for (int m = 0; m < coreMetricCount; ++m)
    if (point.feasible() || metricAt(m).ofInfeasible) row[m] = metricOf(study, o, m);
  row.device = ranOn(row[metricHostShare]);
  row.accuracyKind = o.accuracyKind;
  row.feasible = point.feasible();
  row.pareto = point.pareto;
  row.reason = o.reason;
  row.configHash = o.configHash;
  row.bound = o.topBound;
  row.boundShare = o.topBoundShare;
  std::tie(row.energyCategory, row.energyCategoryShare) = topEnergyCategory(study, o);
  addObjectives(row, study, point);
  return row;
}

}  // namespace wattlas
