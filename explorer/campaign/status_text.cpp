// What `wattlas campaign status` prints.
#include <fmt/format.h>

#include <algorithm>

#include "explorer/campaign/campaign_status.h"
#include "models/base/plain_text.h"

namespace wattlas {
namespace {

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
