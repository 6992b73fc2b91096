// A design in closed form with single parameters moved: what one assumption does while the others
// stay where they are.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "models/experiment.h"
#include "models/simulate.h"

namespace wattlas {

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

}  // namespace wattlas
