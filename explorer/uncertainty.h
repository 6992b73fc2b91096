// What the intervals of the parameters mean for an exploration: the common scenarios of
// models/uncertainty.h on the points that matter, never re-simulated event by event.
#pragma once

#include <string>
#include <vector>

#include "explorer/explore.h"
#include "models/uncertainty.h"

namespace wattlas {

struct Quantiles {
  double p5 = 0, p50 = 0, p95 = 0;
};

/// One parameter at both ends of its interval, everything else at its value.
struct ParameterSwing {
  std::string parameter, metric;  ///< "time_s" or "energy_j"
  double low = 0, high = 0;       ///< the metric at the low and at the high end
};

struct PointUncertainty {
  std::size_t point = 0;  ///< index into ExploreOutcome::points
  ScenarioSet scenarios;
  Quantiles time, energy, power;       ///< power: energy over time, scenario by scenario
  std::vector<ParameterSwing> swings;  ///< of the most influential parameters, widest first
};

/// Value of a parameter at which two points are level, the others at their value.
struct BreakEven {
  std::string parameter, value;  ///< with its unit
};

/// Two points under the same guesses.
struct Duel {
  std::size_t a = 0, b = 0;          ///< indices into ExploreOutcome::points; a is better as given
  std::string metric;                ///< "time_s" or "energy_j"
  double probability = 0;            ///< share of scenarios in which a is better
  std::string decidedBy;             ///< parameter that moves the ratio of the two most
  std::vector<BreakEven> breakEven;  ///< empty: no single parameter turns it within its interval
};

struct UncertaintyReport {
  std::vector<PointUncertainty> points;
  std::vector<Duel> duels;  ///< best point of each platform against the best of all, per workload
};

/// Intervals for the points of all fronts (or all feasible ones when the study says so) and for the
/// best point of every platform in time and energy. `keepGoing` may be empty; false ends early with
/// what is done. Closed forms only: about 50 evaluations a point.
UncertaintyReport assessUncertainty(const ExploreOutcome& outcome, const Registry& registry,
                                    const SearchPath& path,
                                    const std::function<bool()>& keepGoing = {});

/// Duels in words, then the tornado of the best points.
std::string printUncertainty(const ExploreOutcome& outcome, const UncertaintyReport& report);

}  // namespace wattlas
