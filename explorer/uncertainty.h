// What the intervals of the parameters mean for an exploration: the common scenarios of
// models/uncertainty.h on the points that matter, never re-simulated event by event.
#pragma once

#include <string>
#include <vector>

#include "explorer/explore.h"
#include "explorer/pairwise.h"
#include "models/records.h"

namespace wattlas {

struct PointUncertainty {
  std::size_t point = 0;  ///< index into ExploreOutcome::points
  ScenarioSet scenarios;
  Quantiles time, energy, power;       ///< power: energy over time, scenario by scenario
  std::vector<Quantiles> objectives;   ///< of each objective of the study, as given
  std::vector<ParameterSwing> swings;  ///< of time, then of energy; each widest first
};

/// The best point of all against the best one of another platform.
struct PointComparison {
  std::size_t a = 0, b = 0;  ///< indices into ExploreOutcome::points; a is better as given
  Comparison comparison;
};

/// Best point of a workload in a metric.
struct Winner {
  std::size_t point = 0;  ///< index into ExploreOutcome::points
  std::string metric;
};

struct UncertaintyReport {
  std::vector<PointUncertainty> points;
  std::vector<PointComparison> comparisons;  ///< by workload, then time before energy
  std::vector<Winner> winners;               ///< in the same order
  std::vector<WinnerRow> chances;            ///< of every workload and objective
};

/// How sure the best point of each objective is, and intervals of it and of its rivals, the best
/// points of the other platforms. Beyond that, when the study asks for more (`uncertainty`):
/// intervals for the points of all fronts (or all feasible ones when the study says so) and for the
/// best point of every platform in time and energy, pairwise comparisons and tornadoes. `keepGoing`
/// may be empty; false ends early with what is done. Closed forms: about 50 evaluations a point.
/// `simulateMany`, which may be empty, confirms the strongest assumptions of the winners at the
/// study's fidelity.
UncertaintyReport assessUncertainty(const ExploreOutcome& outcome, const Registry& registry,
                                    const SearchPath& path,
                                    const std::function<bool()>& keepGoing = {},
                                    const SimulateMany& simulateMany = {});

/// Pairwise comparisons in words, intervals, and the tornado of the winners.
std::string printUncertainty(const ExploreOutcome& outcome, const UncertaintyReport& report);

}  // namespace wattlas
