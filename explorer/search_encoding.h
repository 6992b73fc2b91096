// A study's design parameters as coordinates of the unit cube, and the designs next to a design.
#pragma once

#include <vector>

#include "explorer/space.h"

namespace wattlas {

/// One coordinate a design parameter, but one per choice for categorical design parameters (the
/// largest wins), because distance between names means nothing to crossover. Listed design
/// parameters are cut into equal intervals: every point of the cube is a valid design, integers
/// included.
class Encoding {
 public:
  explicit Encoding(const Study& study);
  std::size_t dimensions() const { return dimensions_; }
  DesignPoint decode(std::int32_t workload, const std::vector<double>& x) const;
  /// A point of the cube that decodes to `design`; inactive design parameters sit in the middle.
  std::vector<double> encode(const DesignPoint& design) const;

 private:
  static std::size_t keysOf(const DesignParameter& parameter);
  const Study& study_;
  std::size_t dimensions_ = 0;
};

/// Where a setting of an active design parameter stands in [0, 1]: listed design parameters in the
/// middle of their interval.
double unitOf(const DesignParameter& parameter, Coordinate setting);

/// Designs that differ in one listed design parameter: by one step where the choices have an order,
/// by any other choice where they have none. A design parameter that only then becomes active gets
/// the setting that the hash of the design picks. Continuous design parameters have no neighbours.
/// Canonical, in design parameter order.
std::vector<DesignPoint> neighboursOf(const Study& study, const DesignPoint& design);

}  // namespace wattlas
