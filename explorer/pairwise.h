// Two designs under the same guesses: how often one is better, which assumptions that rests on, and
// where they are level. For explorations and for single comparisons.
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/experiment.h"
#include "models/simulate.h"
#include "models/uncertainty.h"

namespace wattlas {

/// A design in closed form with single parameters moved: what one assumption does while the others
/// stay where they are.
class ClosedForm {
 public:
  /// Throws InputError when `spec` is no valid experiment. `maker` is kept.
  ClosedForm(ExperimentSpec spec, ExperimentMaker& maker);

  /// A parameter that is known as an interval; nullptr when the design has none of this name.
  const ParameterRecord* parameter(const std::string& name) const;
  /// Time or energy ("time_s", "energy_j") with the parameter at `value` over the one as given.
  /// 1 when the design does not have the parameter, NaN when nothing accepts the value.
  double ratio(const std::string& name, double value, const std::string& metric) const;
  /// The spec, at its own fidelity, with the parameter at `value`.
  ExperimentSpec moved(const std::string& name, double value) const;

 private:
  struct Totals {
    double timeS = 0, energyJ = 0;
  };
  Totals totals(const ExperimentSpec& spec) const;

  ExperimentSpec spec_, analytic_;
  ExperimentMaker& maker_;
  std::map<std::string, ParameterRecord> records_;
  Totals nominal_;
  mutable ProfileCache cache_;
  mutable std::map<std::pair<std::string, double>, Totals> known_;  ///< both metrics cost one run
};

struct Quantiles {
  double p5 = 0, p50 = 0, p95 = 0;
};
/// Linear between order statistics; NaN for no values.
Quantiles quantilesOf(std::vector<double> values);

/// One parameter at both ends of its interval, everything else at its value.
struct ParameterSwing {
  std::string parameter, metric;  ///< "time_s" or "energy_j"
  double low = 0, high = 0;       ///< the metric at the low and at the high end
  /// The same from simulations at the result's own fidelity; NaN = only the closed form was asked.
  double confirmedLow = std::numeric_limits<double>::quiet_NaN(),
         confirmedHigh = std::numeric_limits<double>::quiet_NaN();
  bool confirmed() const { return confirmedLow == confirmedLow && confirmedHigh == confirmedHigh; }
};

/// Value of a parameter at which two designs are level, the others at their value.
struct BreakEven {
  std::string parameter, value;  ///< with its unit
};

/// A design with its scenarios and its totals at its own fidelity.
struct Contender {
  const ClosedForm& form;
  const ScenarioSet& scenarios;
  double timeS = 0, energyJ = 0;
  double value(const std::string& metric) const { return metric == "time_s" ? timeS : energyJ; }
  const std::vector<double>& values(const std::string& metric) const {
    return metric == "time_s" ? scenarios.timeS : scenarios.energyJ;
  }
};

struct Comparison {
  std::string metric;      ///< "time_s" or "energy_j"
  double ratio = 1;        ///< a / b as given
  double probability = 0;  ///< share of scenarios in which a is better
  Quantiles ratios;        ///< of a / b, scenario by scenario
  std::vector<ParameterSwing>
      swings;                        ///< of a / b, widest first; parameters without effect left out
  std::vector<BreakEven> breakEven;  ///< empty: no single parameter turns it within its interval
  std::string decidedBy() const {
    return swings.empty() ? std::string() : swings.front().parameter;
  }
};

/// How often one design is the best of all, scenario by scenario.
struct Chance {
  double probability = 1;            ///< ties count half; a scenario that it refuses is lost
  std::optional<std::size_t> rival;  ///< who beats it most often
};
/// Costs by scenario, less is better, NaN where a scenario is refused.
Chance chanceToBeBest(const std::vector<double>& own,
                      const std::vector<std::vector<double>>& others);

/// Parameters that a design's metric follows over the scenarios, strongest first, at most `most`.
std::vector<std::string> influential(const ScenarioSet& scenarios, const std::string& metric,
                                     std::size_t most);
/// The design alone: its metric with each of its influential parameters at both ends.
std::vector<ParameterSwing> swingsOf(const Contender& design, const std::string& metric);
/// Whether a swing is worth a line beside the widest one of its metric.
bool visible(const ParameterSwing& swing, const std::vector<ParameterSwing>& all);
/// Nothing when a scenario is missing from one of the two: they were not the same guesses.
std::optional<Comparison> comparisonOf(const Contender& a, const Contender& b,
                                       const std::string& metric);

/// Results of specs in their order, at the fidelity they ask for; nothing where one is refused.
using SimulateMany =
    std::function<std::vector<std::optional<RunResult>>(const std::vector<ExperimentSpec>&)>;
/// Simulates both ends of the first three swings of each metric.
void confirmSwings(const ClosedForm& form, std::vector<ParameterSwing>& swings,
                   const SimulateMany& simulateMany);

}  // namespace wattlas
