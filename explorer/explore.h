// From a study to rows, fronts and findings.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "explorer/outcome.h"
#include "explorer/pareto.h"
#include "explorer/search.h"
#include "models/records.h"

namespace wattlas {

struct ProgressState {
  std::size_t done = 0, total = 0;
  std::size_t feasible = 0, infeasible = 0, failed = 0;
  double seconds = 0;  ///< since the start
  double pointsPerSecond = 0;
  double secondsLeft = 0;  ///< estimate; 0 while unknown
  bool last = false;       ///< no more updates follow
};

/// Told at most ten times a second, and once at the end.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void update(const ProgressState& state) = 0;
};

struct ExploreOptions {
  /// Checks one configuration without simulating it (makeExperiment); throws InputError. May be
  /// empty. Used before anything runs, to find design parameters that no point accepts.
  std::function<void(const ExperimentSpec&)> check;
  std::function<bool()> interrupted;  ///< asked now and then; may be empty
  std::uint64_t limit = 1000000;      ///< points of one exploration
  std::size_t detailLimit = 2000;     ///< up to so many points, rows carry the whole result
};

/// Front of one workload.
struct Front {
  std::string workload;
  std::string set;                      ///< name in `fronts`; empty = all objectives
  std::vector<std::size_t> objectives;  ///< positions in Study::objectives
  std::vector<std::size_t> members;     ///< indices into ExploreOutcome::points
  std::size_t compared = 0;             ///< feasible points with every objective known
  std::size_t lacking = 0;              ///< feasible points without some objective
  std::string accuracyKind;             ///< of all members, where an objective speaks of accuracy
  std::size_t otherKinds = 0;           ///< feasible points left out for another kind
  /// Corners of the box of the hypervolume, as given (not negated): what the study states, else
  /// the worst and the best compared values.
  ObjectiveVector reference, ideal;
  double hypervolume = 0;  ///< share of the box from ideal to reference, 0..1
};

/// Repetitions of a search on one workload at the end of their budgets.
struct SeedBand {
  std::string workload;
  std::size_t seeds = 0, fewest = 0, most = 0;  ///< different designs of a repetition
  double worst = 0, median = 0, best = 0;       ///< hypervolume of one repetition, same box
  double worstRecall = 0, medianRecall = 0;     ///< of the front of all repetitions together
};

/// What the multi-fidelity screening measured and saved; filled from rows, see multi-fidelity
/// screening.h.
struct ScreeningReport {
  struct Band {
    std::string workload, platform, objective;
    std::size_t points = 0;    ///< with a row at both levels
    double low = 1, high = 1;  ///< observed ratio study's fidelity / analytic
    double rank = 1;           ///< Spearman correlation of the two levels over these points
  };
  std::size_t screened = 0, simulated = 0, feasible = 0;
  std::vector<Band> bands;
};

struct ExploreOutcome {
  Study study;
  std::deque<ExploredPoint> points;  ///< in the order of the plan; a million leave one by one
  SpaceSize space;
  SearchMethod method = SearchMethod::exhaustive;  ///< used
  std::size_t planned = 0;                         ///< points the search wanted
  bool interrupted = false;       ///< some planned points have no row: exit code 75
  std::vector<Front> fronts;      ///< one a workload, in the study's order
  std::vector<Front> partFronts;  ///< of each set in `fronts`, workload by workload
  std::vector<SearchTrace> traces;
  std::vector<HistoryStep> history;  ///< of searches that adapt
  std::vector<SeedBand> bands;       ///< one a workload when the search was repeated
  ScreeningReport screening;         ///< of a fidelity multi-fidelity screening
  std::vector<ParameterInfluence> effects;
  std::vector<RefusedGroup> regions;
  double seconds = 0;  ///< wall time; outside comparisons
};

/// Points of the study's search. Throws InputError for a space that is too large, with advice.
std::vector<DesignPoint> planPoints(const Study& study, std::uint64_t limit,
                                    SearchMethod& methodUsed);
/// Throws InputError naming platforms, workloads and design parameters that no configuration
/// accepts.
void checkStudy(const Study& study, const std::function<void(const ExperimentSpec&)>& check);

/// Throws InputError for an objective that no workload of the study can have, such as a rate of
/// tokens where none generates any.
void checkObjectives(const Study& study, const SearchPath& path);

/// Runs the study. Throws InputError for bad studies; failed points are rows.
ExploreOutcome explore(const Study& study, const ExploreOptions& options, Evaluator& evaluator,
                       Progress* progress = nullptr);
/// Fills fronts, effects and regions from `points`; part of explore(), also for merged rows.
void analyse(ExploreOutcome& outcome);

/// What `--dry-run` prints: size, a sample of points, and the time `evaluator` would need,
/// measured on a few points.
std::string dryRun(const Study& study, const ExploreOptions& options, Evaluator& evaluator,
                   int workers);

/// Platform of a point: its design parameter or the study's fixed one.
std::string platformOf(const Study& study, const DesignPoint& point);

}  // namespace wattlas
