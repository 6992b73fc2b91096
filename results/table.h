// Results as text that a person likes to read, at most 110 columns wide.
#pragma once

#include <map>
#include <string>
#include <utility>
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
/// platform that has none in the set. Takes rows one by one and keeps those that it shows, so that
/// a million of them need little memory.
class ParetoTable {
 public:
  enum class Form {
    brief,     ///< a few lines a workload: the best points and how sure they are
    table,     ///< the whole set
    verdicts,  ///< and who wins what, what decides it, why points were infeasible
  };
  /// `order`: the study's design parameters in its order.
  explicit ParetoTable(std::vector<std::string> order = {}, std::vector<WinnerRow> winners = {});
  /// Throws InputError when scopes differ.
  void add(PointRow row);
  std::string text(const TextOptions& options, Form form) const;

 private:
  struct Kept {
    PointRow row;
    int uses = 0;
  };
  struct Workload {
    std::string name;
    std::size_t points = 0, feasible = 0;
    std::map<std::size_t, Kept> kept = {};  ///< by position among the workload's rows, from 1
    std::map<std::string, std::vector<std::size_t>> platforms = {};  ///< positions of their best
    std::map<std::string, std::pair<std::string, bool>> values =
        {};                                         ///< first one; are there more?
    std::vector<std::string> unknownAccuracy = {};  ///< formats
    bool someAccuracy = false;                      ///< of some feasible point
    std::map<std::string, std::size_t> reasons = {};
    void keep(PointRow row, const std::vector<WinnerRow>& winners);
  };
  std::vector<std::string> order_;
  std::vector<WinnerRow> winners_;
  std::string scope_;
  PointColumns columns_;
  std::vector<Workload> workloads_;
};
/// All rows at once.
std::string printPareto(const std::vector<PointRow>& rows, const TextOptions& options = {},
                        ParetoTable::Form form = ParetoTable::Form::verdicts,
                        const std::vector<std::string>& order = {},
                        const std::vector<WinnerRow>& winners = {});

class Store;
/// Two files point by point (by point id): what changed, greatest first, what only one has, and how
/// each number moved over all. At most `most` points are listed. Throws InputError when scopes or
/// energy modes differ.
std::string printDiff(const Store& a, const Store& b, std::size_t most = 40);

}  // namespace wattlas
