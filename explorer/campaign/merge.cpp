#include "explorer/campaign/merge.h"

#include "explorer/campaign/evaluation_key.h"
#include "models/metric.h"

namespace wattlas {
namespace {

/// Answers from journals only.
class Replay : public Evaluator {
 public:
  Replay(const std::string& build, const JournalSet& journals, std::vector<Hash128>& missing)
      : build_(build), journals_(journals), missing_(missing) {}

  bool evaluate(const Study& study, std::span<const DesignPoint> points, bool withDetail,
                const Done& done, const KeepGoing&) override {
    const PointIds ids(study);
    const EvaluationKeys keys(study, withDetail, build_);
    for (std::size_t i = 0; i < points.size(); ++i) {
      const Hash128 id = ids.of(points[i]), key = keys.of(id);
      if (journals_.settled(key))
        done(i, journals_.outcome(key));
      else
        missing_.push_back(id);
    }
    return missing_.empty();
  }

 private:
  const std::string& build_;
  const JournalSet& journals_;
  std::vector<Hash128>& missing_;
};

void count(MergeCounts& counts, const ExploredPoint& point) {
  ++counts.rows;
  ++(point.outcome.status == PointStatus::done         ? counts.feasible
     : point.outcome.status == PointStatus::infeasible ? counts.infeasible
                                                       : counts.failed);
  counts.front += point.pareto ? 1 : 0;
}

/// Rows of a fixed plan, read from the journals one at a time.
class FixedRows {
 public:
  FixedRows(const CampaignPlan& plan, const JournalSet& journals)
      : plan_(plan), journals_(journals), keys_(plan.study, plan.withDetail, plan.build) {}

  /// What the design parameters rule out needs no journal.
  bool isOpen(std::size_t i, const DesignPoint& design) const {
    return !journals_.settled(keys_.of(plan_.ids[i])) && !violatedBefore(plan_.study, design);
  }
  PointOutcome at(std::size_t i, const DesignPoint& design) const {
    if (auto violated = violatedBefore(plan_.study, design))
      return outcomeWithout(PointStatus::infeasible, std::move(*violated));
    return journals_.outcome(keys_.of(plan_.ids[i]));
  }

 private:
  const CampaignPlan& plan_;
  const JournalSet& journals_;
  EvaluationKeys keys_;
};

}  // namespace

std::vector<std::string> metricNamesOf(const Study& study) {
  std::vector<std::string> names;
  for (const int metric : study.metrics) names.push_back(metricAt(metric).name);
  return names;
}

Replayed replay(const CampaignPlan& plan, const JournalSet& journals) {
  journals.requireAgreement();
  Replayed out;
  Replay evaluator(plan.build, journals, out.missing);
  out.outcome = explore(plan.study, {}, evaluator);
  out.outcome.seconds = 0;
  return out;
}

MergeCounts mergeByReplay(const CampaignPlan& plan, const JournalSet& journals, bool partial,
                          MergeSink& sink) {
  Replayed replayed = replay(plan, journals);
  MergeCounts counts;
  counts.missing = std::move(replayed.missing);
  if (!counts.missing.empty() && !partial) return counts;
  sink.findings(replayed.outcome);
  for (const ExploredPoint& point : replayed.outcome.points) {
    count(counts, point);
    sink.row(point);
  }
  return counts;
}

MergeCounts mergeInTwoPasses(CampaignPlan plan, const JournalSet& journals, bool partial,
                             MergeSink& sink) {
  journals.requireAgreement();
  const FixedRows rows(plan, journals);
  MergeCounts counts;
  std::vector<std::size_t> present;
  for (std::size_t i = 0; i < plan.points.size(); ++i)
    if (rows.isOpen(i, plan.points[i]))
      counts.missing.push_back(plan.ids[i]);
    else
      present.push_back(i);
  if (!counts.missing.empty() && !partial) return counts;

  std::vector<bool> front(present.size());
  {
    ExploreOutcome outcome;
    outcome.study = plan.study;
    outcome.space = sizeOf(plan.study);
    outcome.method = plan.method;
    outcome.interrupted = !counts.missing.empty();
    outcome.planned = outcome.interrupted ? plan.planned : present.size();
    for (const std::size_t i : present) {
      PointOutcome row = rows.at(i, plan.points[i]);
      row.configHash = {};
      row.detail = {};
      outcome.points.push_back({plan.ids[i], std::move(plan.points[i]), std::move(row), false});
    }
    analyse(outcome);
    sink.findings(outcome);
    for (std::size_t r = 0; r < present.size(); ++r) {
      front[r] = outcome.points[r].pareto;
      plan.points[present[r]] = std::move(outcome.points[r].design);
    }
  }
  for (std::size_t r = 0; r < present.size(); ++r) {
    const std::size_t i = present[r];
    ExploredPoint point{plan.ids[i], std::move(plan.points[i]), {}, front[r]};
    point.outcome = rows.at(i, point.design);
    count(counts, point);
    sink.row(point);
  }
  return counts;
}

MergeCounts mergeCampaign(CampaignPlan plan, const JournalSet& journals, bool partial,
                          MergeSink& sink) {
  if (!plan.adaptive && plan.points.size() > largestReplay)
    return mergeInTwoPasses(std::move(plan), journals, partial, sink);
  return mergeByReplay(plan, journals, partial, sink);
}

}  // namespace wattlas
