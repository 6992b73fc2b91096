#include "models/design_report.h"

#include <algorithm>
#include <limits>

namespace wattlas {

void DesignReport::join(const DesignReport& other) {
  if (empty()) {
    *this = other;
    operators.clear();
    return;
  }
  streams.insert(streams.end(), other.streams.begin(), other.streams.end());
  for (std::size_t i = 0; i < std::min(fabric.size(), other.fabric.size()); ++i)
    fabric[i].used += other.fabric[i].used - other.fabric[i].shell;
  latencyCycles += other.latencyCycles;
  if (other.iiCycles <= iiCycles) return;
  iiCycles = other.iiCycles;
  throughputPerS = other.throughputPerS;
  bottleneck = other.bottleneck;
}

double DesignReport::used(const std::string& name) const {
  for (const FabricUse& f : fabric)
    if (f.name == name) return f.used;
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace wattlas
