#include "models/base/physical_range.h"

#include <cmath>

namespace wattlas {
namespace {

/// In base units: the largest magnitude, and the smallest one that is not zero.
struct PhysicalRange {
  double smallest, largest;
};

PhysicalRange physicalRange(Dimension dimension) {
  switch (dimension) {
    case Dimension::time:
      return {1e-18, 1e11};  // s
    case Dimension::frequency:
      return {1e-6, 1e15};  // Hz
    case Dimension::energy:
      return {1e-27, 1e15};  // J
    case Dimension::power:
      return {1e-18, 1e12};  // W
    case Dimension::information:
      return {1e-9, 1e24};  // bit
    case Dimension::bandwidth:
      return {1e-6, 1e21};  // bit/s
    case Dimension::area:
      return {1e-15, 1e12};  // mm2
    case Dimension::energyPerBit:
      return {1e-27, 1};  // J/bit
    case Dimension::throughput:
      return {1e-6, 1e24};  // operations/s
    case Dimension::ratio:
    case Dimension::count:
      break;
  }
  return {1e-30, 1e18};
}

}  // namespace

std::optional<std::string> impossibleMagnitude(double value, Dimension dimension) {
  const PhysicalRange range = physicalRange(dimension);
  const auto show = [&](double v) { return exactQuantity(v, dimension); };
  const double magnitude = std::abs(value);
  if (!(magnitude <= range.largest)) return "a magnitude of at most " + show(range.largest);
  if (magnitude != 0.0 && magnitude < range.smallest)
    return "0, or a magnitude of at least " + show(range.smallest);
  return std::nullopt;
}

}  // namespace wattlas
