#include "explorer/campaign/campaign_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "explorer/campaign/campaign_plan.h"
#include "explorer/campaign/merge.h"
#include "explorer/campaign/shard.h"
#include "models/base/plain_text.h"

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

constexpr std::size_t shownJournals = 12, shownReasons = 8, barWidth = 40, lineWidth = 108;

std::string cut(std::string text, std::size_t width) {
  if (text.size() <= width) return text;
  std::size_t end = width - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

std::string plural(std::uint64_t n, const char* what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

std::string stateOf(const JournalSummary& j, std::int64_t now) {
  if (j.end == "complete") return "finished";
  if (!j.end.empty()) return "interrupted; continues with its next attempt";
  if (j.killed) return "killed; a later attempt runs the rest";
  const double silent = static_cast<double>(std::max<std::int64_t>(0, now - j.lastWrite));
  return silent <= 120 ? "active"
                       : "silent for " + durationText(silent) + " (killed, or on a long point)";
}

/// The ones worth a look first: running, then silent, then finished.
std::string journalLines(const CampaignStatus& status, std::int64_t now) {
  std::vector<const JournalSummary*> order;
  for (const JournalSummary& j : status.journals) order.push_back(&j);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return a->end.empty() != b->end.empty() ? a->end.empty() : a->lastWrite > b->lastWrite;
  });
  std::string out = fmt::format("journals: {}\n", order.size());
  for (std::size_t i = 0; i < std::min(order.size(), shownJournals); ++i) {
    const JournalSummary& j = *order[i];
    out += fmt::format("  {:<40} {:>9}  {:<12} {}\n", plainText(j.name), plural(j.rows, "row"),
                       cut(j.begin.host, 12), stateOf(j, now));
    if (j.damage.records > 0)
      out += fmt::format("    damaged in {} ({} bytes): the points concerned run again\n",
                         plural(j.damage.records, "place"), j.damage.bytes);
    if (j.damage.unsignedRecords > 0)
      out += fmt::format("    {} without a signature of this key do not count\n",
                         plural(j.damage.unsignedRecords, "record"));
    if (j.damage.tail > 0)
      out += fmt::format(
          "    ends in a torn record of {} bytes (killed while writing): nothing "
          "else is lost\n",
          j.damage.tail);
  }
  if (order.size() > shownJournals)
    out += fmt::format("  and {} more\n", order.size() - shownJournals);
  return out;
}

std::string reasonLines(const CampaignStatus& status) {
  std::string out;
  for (std::size_t i = 0; i < std::min(status.regions.size(), shownReasons); ++i) {
    const RefusedGroup& region = status.regions[i];
    std::string line =
        fmt::format("  {:>8} {:<10} {}", region.count, region.failed ? "failed" : "infeasible",
                    plainText(region.reason));
    for (const std::string& setting : region.common) line += "  [" + setting + "]";
    out += cut(std::move(line), lineWidth) + "\n";
  }
  if (status.regions.size() > shownReasons)
    out += fmt::format("  and {} more reasons\n", status.regions.size() - shownReasons);
  return out.empty() ? out : "points without numbers, by reason:\n" + out;
}

std::string nextStep(const CampaignPlan& plan, const CampaignStatus& status) {
  if (!status.conflicts.empty())
    return "next: journals disagree; 'wattlas campaign merge' names them and what to do\n";
  if (status.complete)
    return fmt::format("next: wattlas campaign merge {} -o {}.h5\n", plan.folder, plan.study.name);
  if (status.active > 0) return "";
  std::string shard = "i/N";
  for (const ShardCoverage& coverage : status.shards)
    if (!coverage.incomplete.empty())
      shard = fmt::format("{}/{}", coverage.incomplete.front(), coverage.count);
  return fmt::format(
      "next: nothing is running; wattlas campaign run {0} --shard {1}, or wattlas campaign slurm "
      "{0}\n",
      plan.folder, shard);
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

std::string statusText(const CampaignPlan& plan, const CampaignStatus& s, std::int64_t now) {
  const double share =
      s.points > 0 ? static_cast<double>(s.settled) / static_cast<double>(s.points) : 1.0;
  const auto filled = static_cast<std::size_t>(std::min(1.0, share) * double{barWidth});
  std::string out =
      fmt::format("campaign {}: {} of {}{} points\n", plan.study.name, nameOf(plan.method),
                  plan.adaptive && !s.complete ? "up to " : "", s.points);
  out += fmt::format("[{}{}] {} of {} settled ({:.1f} %)", std::string(filled, '#'),
                     std::string(barWidth - filled, '.'), s.settled, s.points, 100 * share);
  if (s.active > 0 && !s.complete)
    out += fmt::format("  {:.3g} points/s in {}{}", s.pointsPerSecond, plural(s.active, "process"),
                       s.secondsLeft > 0 ? ", " + durationText(s.secondsLeft) + " left" : "");
  out += fmt::format("\n{} feasible, {} infeasible, {} failed", s.feasible, s.infeasible, s.failed);
  if (!s.missing.empty())
    out +=
        fmt::format(", {} missing{}", s.missing.size(), plan.adaptive ? " in this generation" : "");
  if (s.waiting > 0) out += fmt::format(" ({} of them broke down once)", s.waiting);
  if (s.duplicates > 0)
    out += fmt::format("; {} found twice, equal rows count once", plural(s.duplicates, "row"));
  out += "\n" + reasonLines(s);
  if (!s.journals.empty()) out += journalLines(s, now);
  for (const ShardCoverage& coverage : s.shards)
    if (!coverage.incomplete.empty())
      out += cut(fmt::format("of {} shards, {} incomplete: {}", coverage.count,
                             coverage.incomplete.size(), ranges(coverage.incomplete)),
                 lineWidth) +
             "\n";
  for (const JournalConflict& conflict : s.conflicts)
    out += "conflict: " + plainText(conflict.difference) + "\n";
  return out + nextStep(plan, s);
}

}  // namespace wattlas
