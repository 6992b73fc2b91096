// Results as text that a person likes to read, at most 110 columns wide.
#pragma once

#include <string>
#include <vector>

#include "models/result.h"
#include "results/point.h"
#include "results/text_table.h"

namespace wattlas {

/// One result: headline, phases, operators, energy, memory, assumptions, folds; or the reasons why
/// there is none.
std::string printRun(const RunResult& result, const TextOptions& options = {});

/// Fabric and layers of hardware that was built for the workload; empty for fixed hardware.
std::string printDesign(const RunResult& result, const TextOptions& options = {});

/// The streams between its layers, with depths and what one inference fills.
std::string printStreams(const RunResult& result, const TextOptions& options = {});

/// Side by side, one block per workload: ratios to the first result of the block, who wins time and
/// energy and by how much, and what decides it. `winners`: how sure that is; their ids are
/// positions in `results`. Throws InputError when scopes or energy modes
/// differ.
std::string printCompare(const std::vector<RunResult>& results, const TextOptions& options = {},
                         const std::vector<WinnerRow>& winners = {});
/// The refusal alone, for callers that want to know before they simulate.
void refuseMixed(const std::vector<RunResult>& results);

/// Design points per workload: the Pareto set as flagged, and below it the fastest point of each
/// platform that has none in the set. With `verdicts`, who wins what and what decides it, and why
/// points were infeasible. `design parameters` is the study's order of them. Throws InputError when
/// scopes differ.
std::string printPareto(const std::vector<PointRow>& rows, const TextOptions& options = {},
                        bool verdicts = true, const std::vector<std::string>& parameters = {},
                        const std::vector<WinnerRow>& winners = {});
/// The same in a few lines a workload: the best points and how sure they are.
std::string printParetoBrief(const std::vector<PointRow>& rows, const TextOptions& options = {},
                             const std::vector<std::string>& parameters = {},
                             const std::vector<WinnerRow>& winners = {});

class Store;
/// Two files point by point (by point id): what changed, greatest first, what only one has, and how
/// each number moved over all. At most `most` points are listed. Throws InputError when scopes or
/// energy modes differ.
std::string printDiff(const Store& a, const Store& b, std::size_t most = 40);

}  // namespace wattlas
