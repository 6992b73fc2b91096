// `compare --uncertainty` and `run --uncertainty`: what the intervals of the assumptions mean.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "explorer/pairwise.h"
#include "models/records.h"

namespace wattlas {

/// One platform against the first one of the same workload.
struct ComparedPair {
  std::string workload, platform, reference;
  std::vector<Comparison>
      comparisons;  ///< time, then energy; empty when a scenario is impossible for one
};

/// Runs the common scenarios of every feasible result, fills their `uncertainty`, and compares each
/// with the first feasible one of its workload. The strongest assumptions are simulated at the
/// results' own fidelity.
std::vector<ComparedPair> comparisonsAgainstFirst(const std::vector<ExperimentSpec>& specs,
                                                  std::vector<RunResult>& results,
                                                  const Context& context);
/// How sure the best result of each workload is in time and in energy; results are named by their
/// position.
std::vector<WinnerRow> chancesOf(const std::vector<ExperimentSpec>& specs,
                                 const std::vector<RunResult>& results, const Context& context);
std::string printComparisons(const std::vector<ComparedPair>& pairs);
/// A list of objects: workload, platform, reference, metric, ratio, probability, ratio_p5/50/95,
/// tornado[], break_even[].
std::string comparisonsJson(const std::vector<ComparedPair>& pairs);

/// Fills `result.uncertainty`; what moves the result most, as a table. Empty when infeasible.
std::string assumptionsOf(const ExperimentSpec& spec, RunResult& result, const Context& context);

}  // namespace wattlas
