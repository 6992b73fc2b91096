// Are the answers in the journals those that this build gives?
#pragma once

#include "explorer/campaign/merge.h"

namespace wattlas {

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
