#include "explorer/campaign/campaign_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "explorer/campaign/evaluation_key.h"
#include "explorer/campaign/merge.h"
#include "explorer/campaign/shard.h"

namespace wattlas {
namespace {

constexpr std::int64_t activeSeconds = 120;

/// Counts what is settled; keeps only rows that need a reason.
struct Rows {
  CampaignStatus& status;
  ExploreOutcome refused;

  void add(const Hash128& id, const DesignPoint& design, PointOutcome row) {
    ++status.settled;
    if (row.status == PointStatus::done) {
      ++status.feasible;
      return;
    }
    ++(row.status == PointStatus::infeasible ? status.infeasible : status.failed);
    row.metrics = {};
    row.detail = {};
    refused.points.push_back({id, design, std::move(row), false});
  }
};

void lookAtFixed(const CampaignPlan& plan, const JournalSet& journals,
                 const std::set<std::uint32_t>& counts, Rows& rows) {
  CampaignStatus& status = rows.status;
  const EvaluationKeys keys(plan.study, plan.withDetail, plan.build);
  std::vector<std::set<std::uint32_t>> open(counts.size());
  for (std::size_t i = 0; i < plan.points.size(); ++i) {
    if (auto violated = violatedBefore(plan.study, plan.points[i])) {
      rows.add(plan.ids[i], plan.points[i],
               outcomeWithout(PointStatus::infeasible, std::move(*violated)));
      continue;
    }
    const Hash128 key = keys.of(plan.ids[i]);
    if (journals.settled(key)) {
      rows.add(plan.ids[i], plan.points[i], journals.outcome(key));
      continue;
    }
    status.missing.push_back(plan.ids[i]);
    status.waiting += journals.tries(key) > 0 ? 1 : 0;
    std::size_t c = 0;
    for (const std::uint32_t count : counts)
      open[c++].insert(static_cast<std::uint32_t>(key.high % count));
  }
  status.complete = status.missing.empty();
  std::size_t c = 0;
  for (const std::uint32_t count : counts) {
    status.shards.push_back({count, {open[c].begin(), open[c].end()}});
    ++c;
  }
}

/// Any shard can finish a search alone, so all of one N are done or none.
void lookAtSearch(const CampaignPlan& plan, const JournalSet& journals,
                  const std::set<std::uint32_t>& counts, Rows& rows) {
  CampaignStatus& status = rows.status;
  Replayed merged = replay(plan, journals);
  for (ExploredPoint& point : merged.outcome.points)
    rows.add(point.id, point.design, std::move(point.outcome));
  status.missing = std::move(merged.missing);
  status.complete = !merged.outcome.interrupted;
  if (status.complete) status.points = status.settled;
  for (const std::uint32_t count : counts) {
    ShardCoverage coverage{count, {}};
    for (std::uint32_t i = 0; i < count && !status.complete; ++i) coverage.incomplete.push_back(i);
    status.shards.push_back(std::move(coverage));
  }
}

void estimate(CampaignStatus& status, std::int64_t now) {
  for (const JournalSummary& journal : status.journals) {
    if (!journal.end.empty() || journal.killed || now - journal.lastWrite > activeSeconds) continue;
    ++status.active;
    const auto start = static_cast<std::int64_t>(journal.begin.unixSeconds);
    const auto seconds = static_cast<double>(std::max<std::int64_t>(1, journal.lastWrite - start));
    if (journal.hasBegin) status.pointsPerSecond += static_cast<double>(journal.rows) / seconds;
  }
  const std::size_t left = status.points - std::min(status.points, status.settled);
  if (status.pointsPerSecond > 0)
    status.secondsLeft = static_cast<double>(left) / status.pointsPerSecond;
}

}  // namespace

std::string ranges(const std::vector<std::uint32_t>& numbers) {
  std::string out;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t end = i;
    while (end + 1 < numbers.size() && numbers[end + 1] == numbers[end] + 1) ++end;
    out += (out.empty() ? "" : ",") + std::to_string(numbers[i]);
    if (end > i) out += (end == i + 1 ? "," : "-") + std::to_string(numbers[end]);
    i = end + 1;
  }
  return out;
}

std::string durationText(double seconds) {
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  if (seconds < 172800) return fmt::format("{:.1f} h", seconds / 3600);
  return fmt::format("{:.1f} days", seconds / 86400);
}

CampaignStatus statusOf(const CampaignPlan& plan, const JournalSet& journals, std::int64_t now,
                        std::uint32_t shards) {
  CampaignStatus status;
  status.journals = journals.summaries();
  status.duplicates = journals.duplicates();
  status.conflicts = journals.conflicts();
  std::set<std::uint32_t> counts;
  if (shards > 0) counts.insert(shards);
  for (const JournalSummary& journal : status.journals)
    if (const auto shard = shardOf(journal.name)) counts.insert(std::max(1U, shard->count));
  status.points = plan.adaptive ? plan.planned : plan.points.size();
  Rows rows{status, {}};
  if (!plan.adaptive)
    lookAtFixed(plan, journals, counts, rows);
  else if (status.conflicts.empty())
    lookAtSearch(plan, journals, counts, rows);
  rows.refused.study = plan.study;
  analyse(rows.refused);
  status.regions = std::move(rows.refused.regions);
  estimate(status, now);
  return status;
}

}  // namespace wattlas
