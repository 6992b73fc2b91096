// From journals to rows: a pure function, the same for any shards, attempts and interruptions.
#pragma once

#include "explorer/campaign/campaign_plan.h"
#include "explorer/campaign/journal_set.h"

namespace wattlas {

/// Takes what a merge gives: first what follows from all rows together, then the rows in their
/// final order, as `wattlas explore` on the same study would give them.
class MergeSink {
 public:
  virtual ~MergeSink() = default;
  /// `outcome.points` may lack what only rows need (texts); `row` gets them whole.
  virtual void findings(const ExploreOutcome& outcome) = 0;
  virtual void row(const ExploredPoint& point) = 0;
};

struct MergeCounts {
  std::size_t rows = 0, feasible = 0, infeasible = 0, failed = 0, front = 0;
  /// Points without an answer, in the order of the plan. Of an adaptive search: those of the
  /// generation that is being worked on; later ones are not known yet.
  std::vector<Hash128> missing;
};

/// With missing points and without `partial`, the sink gets nothing. Throws ConflictError.
MergeCounts mergeCampaign(CampaignPlan plan, const JournalSet& journals, bool partial,
                          MergeSink& sink);

/// The two ways behind it. The search runs once more with the journals as its memory: always right.
MergeCounts mergeByReplay(const CampaignPlan& plan, const JournalSet& journals, bool partial,
                          MergeSink& sink);
/// Fixed plans in two passes over the journals, one for fronts and findings, one for the rows: the
/// same result, and a million rows never stand in memory whole.
MergeCounts mergeInTwoPasses(CampaignPlan plan, const JournalSet& journals, bool partial,
                             MergeSink& sink);
/// Fixed plans beyond this size take two passes.
inline constexpr std::size_t largestReplay = 50000;

/// The search on the journals as they are: what is answered so far, and what is missing.
struct Replayed {
  ExploreOutcome outcome;
  std::vector<Hash128> missing;
};
Replayed replay(const CampaignPlan& plan, const JournalSet& journals);

/// Names of the metrics kept in rows of a study.
std::vector<std::string> metricNamesOf(const Study& study);

/// Are the answers in the journals those that this build gives?
struct AuditReport {
  std::size_t answered = 0;  ///< points that could be computed again
  std::size_t audited = 0;   ///< of those, chosen and computed
  std::vector<std::string>
      differences;       ///< "0123456789abcdef: time_s is 1 in the journals and 2 in this build"
  bool complete = true;  ///< false: interrupted
};

/// Computes `most` answered points again, chosen by the seed of the study, and compares every
/// number and text. Left out: broken-down points, which may break down in another way, and points
/// whose accuracy came from a training, which costs hours.
AuditReport audit(const CampaignPlan& plan, const JournalSet& journals, std::size_t most,
                  Evaluator& evaluator, const Evaluator::KeepGoing& keepGoing);

}  // namespace wattlas
