// A study's genes as coordinates of the unit cube, and the designs next to a design.
#pragma once

#include <vector>

#include "explorer/space.h"

namespace wattlas {

/// One coordinate a gene, but one per choice for categorical genes (the largest wins), because
/// distance between names means nothing to crossover. Listed genes are cut into equal intervals:
/// every point of the cube is a valid design, integers included.
class Encoding {
 public:
  explicit Encoding(const Study& study);
  std::size_t dimensions() const { return dimensions_; }
  DesignPoint decode(std::int32_t workload, const std::vector<double>& x) const;
  /// A point of the cube that decodes to `design`; inactive genes sit in the middle.
  std::vector<double> encode(const DesignPoint& design) const;

 private:
  static std::size_t keysOf(const Gene& gene);
  const Study& study_;
  std::size_t dimensions_ = 0;
};

/// Where a setting of an active gene stands in [0, 1]: listed genes in the middle of their
/// interval.
double unitOf(const Gene& gene, Coordinate setting);

/// Designs that differ in one listed gene: by one step where the choices have an order, by any
/// other choice where they have none. A gene that only then becomes active gets the setting that
/// the hash of the design picks. Continuous genes have no neighbours. Canonical, in gene order.
std::vector<DesignPoint> neighboursOf(const Study& study, const DesignPoint& design);

}  // namespace wattlas
