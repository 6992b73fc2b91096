#include "explorer/campaign/audit.h"

#include <fmt/format.h>

#include <cmath>

#include "explorer/campaign/evaluation_key.h"
#include "models/base/random.h"

namespace wattlas {
namespace {

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
