// How far a campaign is.
#pragma once

#include "explorer/campaign/campaign_plan.h"
#include "explorer/campaign/journal_set.h"

namespace wattlas {

/// Shards of one N, as seen from its journals.
struct ShardCoverage {
  std::uint32_t count = 0;
  std::vector<std::uint32_t> incomplete;  ///< shards that still have points without an answer
};

struct CampaignStatus {
  std::size_t points = 0;  ///< wanted; of an adaptive search an upper bound
  std::size_t settled = 0, feasible = 0, infeasible = 0, failed = 0;
  std::size_t waiting = 0;  ///< of those without an answer: broke down once, will be tried again
  std::vector<Hash128> missing;  ///< fixed plan: all; search: of the current generation
  bool complete = false;
  std::vector<RefusedGroup> regions;  ///< refusals and failures by reason, worst first
  std::vector<JournalSummary> journals;
  std::uint64_t duplicates = 0;
  std::vector<JournalConflict> conflicts;
  std::vector<ShardCoverage> shards;  ///< for each N that was used
  std::size_t active = 0;             ///< journals written to within the last two minutes
  double pointsPerSecond = 0;         ///< of the active ones together
  double secondsLeft = 0;             ///< estimate; 0 while unknown
};

/// `now` in unix seconds. `shards`: an N to look at besides those of the journals; 0 = none.
CampaignStatus statusOf(const CampaignPlan& plan, const JournalSet& journals, std::int64_t now,
                        std::uint32_t shards = 0);
/// For people: lines of at most 110 columns.
std::string statusText(const CampaignPlan& plan, const CampaignStatus& status, std::int64_t now);
/// "3,7-9": a list as Slurm's --array takes it.
std::string ranges(const std::vector<std::uint32_t>& numbers);
/// "12 s", "7 min", "3.4 h", "2.1 days".
std::string durationText(double seconds);

}  // namespace wattlas
