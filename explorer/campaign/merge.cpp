#include "explorer/campaign/merge.h"

#include <fmt/format.h>

#include <cmath>

#include "explorer/campaign/campaign_plan.h"
#include "models/base/random.h"
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

struct Answered {
  Hash128 id;
  DesignPoint design;
};

bool canBeComputedAgain(const PointOutcome& row) {
  return row.status != PointStatus::failed && row.accuracyKind != "trained";
}

/// In the order of the plan.
std::vector<Answered> answeredPoints(const CampaignPlan& plan, const JournalSet& journals,
                                     const EvaluationKeys& keys) {
  std::vector<Answered> all;
  if (plan.adaptive) {
    for (const ExploredPoint& point : replay(plan, journals).outcome.points)
      if (journals.settled(keys.of(point.id)) && canBeComputedAgain(point.outcome))
        all.push_back({point.id, point.design});
    return all;
  }
  for (std::size_t i = 0; i < plan.points.size(); ++i) {
    const Hash128 key = keys.of(plan.ids[i]);
    if (journals.settled(key) && canBeComputedAgain(journals.outcome(key)))
      all.push_back({plan.ids[i], plan.points[i]});
  }
  return all;
}

/// The first `most` of a shuffled list, in the list's order of before.
std::vector<Answered> chosen(std::vector<Answered> all, std::size_t most, std::uint64_t seed) {
  if (most >= all.size()) return all;
  std::vector<bool> taken(all.size());
  Random random(seed);
  for (std::size_t n = 0; n < most;) {
    const std::size_t i = random.below(all.size());
    if (taken[i]) continue;
    taken[i] = true;
    ++n;
  }
  std::vector<Answered> out;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (taken[i]) out.push_back(std::move(all[i]));
  return out;
}

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

AuditReport audit(const CampaignPlan& plan, const JournalSet& journals, std::size_t most,
                  Evaluator& evaluator, const Evaluator::KeepGoing& keepGoing) {
  const EvaluationKeys keys(plan.study, plan.withDetail, plan.build);
  std::vector<Answered> points = answeredPoints(plan, journals, keys);
  AuditReport report;
  report.answered = points.size();
  points = chosen(std::move(points), most, plan.study.search.seed);
  std::vector<DesignPoint> designs;
  for (const Answered& point : points) designs.push_back(point.design);
  std::vector<std::string> differences(points.size());
  const std::vector<std::string> names = metricNamesOf(plan.study);
  report.complete = evaluator.evaluate(
      plan.study, designs, plan.withDetail,
      [&](std::size_t i, PointOutcome now) {
        ++report.audited;
        const Hash128 key = keys.of(points[i].id);
        const PointOutcome then = journals.outcome(key);
        if (rowPayload(RecordKind::row, key, then) != rowPayload(RecordKind::row, key, now))
          differences[i] = shortId(points[i].id) + ": " +
                           differenceOf(then, "the journals", now, "this build", names);
      },
      keepGoing);
  for (std::string& text : differences)
    if (!text.empty()) report.differences.push_back(std::move(text));
  return report;
}

}  // namespace wattlas
