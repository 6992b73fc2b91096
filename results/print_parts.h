// Number forms that all printed tables share. For the .cpp files of this room.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "models/base/units.h"
#include "models/result.h"
#include "results/summary.h"

namespace wattlas {

inline std::string timeText(double s) {
  return formatQuantity(s, Dimension::time);
}
inline std::string energyText(double j) {
  return formatQuantity(j, Dimension::energy);
}
inline std::string powerText(double w) {
  return formatQuantity(w, Dimension::power);
}
inline std::string bytesText(double b) {
  return formatQuantity(8.0 * b, Dimension::information);
}
inline std::string percent(double share) {
  if (!std::isfinite(share)) return "-";
  if (share > 0 && share < 0.0005) return "<0.1 %";
  return fmt::format("{:.1f} %", 100 * share);
}
/// "3.21x", "128x"; "-" when there is none.
inline std::string ratioText(double ratio) {
  if (!std::isfinite(ratio)) return "-";
  if (ratio >= 99.5) return fmt::format("{:.0f}x", ratio);
  return ratio >= 0.0995 ? fmt::format("{:.3g}x", ratio) : fmt::format("{:.2g}x", ratio);
}
/// "34.5", "1,234".
inline std::string plainNumber(double value) {
  if (!std::isfinite(value)) return "-";
  if (std::abs(value) < 1000) return fmt::format("{:.4g}", value);
  std::string digits = fmt::format("{:.0f}", value);
  for (int at = static_cast<int>(digits.size()) - 3; at > (value < 0 ? 1 : 0); at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}
}  // namespace wattlas
