// From journals to rows: a pure function, the same for any shards, attempts and interruptions.
#pragma once

#include "explorer/campaign/campaign_plan.h"
#include "explorer/campaign/journal_set.h"

namespace wattlas {

struct Merged {
  /// What `wattlas explore` on the same study gives: the same rows in the same order, fronts and
  /// findings. Empty when points are missing and `partial` was not given.
  ExploreOutcome outcome;
  /// Points without an answer, in the order of the plan. Of an adaptive search: those of the
  /// generation that is being worked on; later ones are not known yet.
  std::vector<Hash128> missing;
};

/// Takes plan and journals over: a million rows should stand in memory once. Throws ConflictError.
Merged mergeCampaign(CampaignPlan plan, JournalSet journals, bool partial);

/// The two ways behind it. The search runs once more with the journals as its memory: always right.
Merged mergeByReplay(const CampaignPlan& plan, const JournalSet& journals, bool partial);
/// Row by row, for fixed plans: the same result with less memory.
Merged mergeRowByRow(CampaignPlan plan, JournalSet journals, bool partial);
/// Fixed plans beyond this size are merged row by row.
inline constexpr std::size_t largestReplay = 50000;

/// Names of the metrics kept in rows of a study.
std::vector<std::string> metricNamesOf(const Study& study);

}  // namespace wattlas
