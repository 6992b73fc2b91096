#include "explorer/campaign/merge.h"

#include "explorer/campaign/evaluation_key.h"
#include "explorer/metric.h"

namespace wattlas {
namespace {

/// Answers from journals only.
class Replay : public Evaluator {
 public:
  Replay(const std::string& build, const JournalSet& journals, std::vector<Hash128>& missing)
      : build_(build), journals_(journals), missing_(missing) {}

  bool evaluate(const Study& study, std::span<const DesignPoint> points, bool withDetail,
                const Done& done, const KeepGoing&) override {
    const EvaluationKeys keys(study, withDetail, build_);
    for (std::size_t i = 0; i < points.size(); ++i) {
      const Hash128 id = idOf(study, points[i]), key = keys.of(id);
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

}  // namespace

Merged mergeByReplay(const CampaignPlan& plan, const JournalSet& journals, bool partial) {
  journals.requireAgreement();
  Merged merged;
  Replay replay(plan.build, journals, merged.missing);
  merged.outcome = explore(plan.study, {}, replay);
  merged.outcome.seconds = 0;
  if (!merged.missing.empty() && !partial) merged.outcome.points.clear();
  return merged;
}

std::vector<std::string> metricNamesOf(const Study& study) {
  std::vector<std::string> names;
  for (const int metric : study.metrics)
    names.push_back(allMetrics()[static_cast<std::size_t>(metric)].name);
  return names;
}

Merged mergeRowByRow(CampaignPlan plan, JournalSet journals, bool partial) {
  journals.requireAgreement();
  Merged merged;
  const EvaluationKeys keys(plan.study, plan.withDetail, plan.build);
  const auto isOpen = [&](std::size_t i) {
    return !journals.settled(keys.of(plan.ids[i])) && !violatedBefore(plan.study, plan.points[i]);
  };
  for (std::size_t i = 0; i < plan.points.size(); ++i)
    if (isOpen(i)) merged.missing.push_back(plan.ids[i]);
  ExploreOutcome& outcome = merged.outcome;
  outcome.space = sizeOf(plan.study);
  outcome.method = plan.method;
  outcome.planned = merged.missing.empty() ? plan.ids.size() : plan.planned;
  outcome.interrupted = !merged.missing.empty();
  if (!outcome.interrupted || partial) {
    outcome.points.reserve(plan.points.size() - merged.missing.size());
    for (std::size_t i = 0; i < plan.points.size(); ++i) {
      if (outcome.interrupted && isOpen(i)) continue;
      auto violated = violatedBefore(plan.study, plan.points[i]);
      PointOutcome row = violated ? outcomeWithout(PointStatus::infeasible, std::move(*violated))
                                  : journals.outcome(keys.of(plan.ids[i]));
      outcome.points.push_back({plan.ids[i], std::move(plan.points[i]), std::move(row), false});
    }
  }
  outcome.study = std::move(plan.study);
  plan.points = {};
  plan.ids = {};
  journals = JournalSet({});
  analyse(outcome);
  return merged;
}

Merged mergeCampaign(CampaignPlan plan, JournalSet journals, bool partial) {
  if (!plan.adaptive && plan.points.size() > largestReplay)
    return mergeRowByRow(std::move(plan), std::move(journals), partial);
  return mergeByReplay(plan, journals, partial);
}

}  // namespace wattlas
