#include "models/power.h"

#include <algorithm>

namespace wattlas {

Watts peakPower(const std::vector<PowerPiece>& pieces, Ticks window) {
  // Energy is piecewise linear in time, so the maximum is met by a window that starts or ends at a
  // border of two pieces.
  std::vector<std::int64_t> time{0};
  std::vector<double> energy{0.0};
  for (const PowerPiece& piece : pieces) {
    if (piece.duration.ps <= 0) continue;
    time.push_back(time.back() + piece.duration.ps);
    energy.push_back(energy.back() + piece.energy.value);
  }
  const std::int64_t total = time.back();
  if (total == 0) return Watts(0);
  const std::int64_t length = std::min(window.ps, total);
  const auto energyAt = [&](std::int64_t t) {
    const auto at = std::upper_bound(time.begin(), time.end(), t) - time.begin();
    const auto i = static_cast<std::size_t>(at) - 1;
    if (i + 1 >= time.size()) return energy.back();
    const double share =
        static_cast<double>(t - time[i]) / static_cast<double>(time[i + 1] - time[i]);
    return energy[i] + share * (energy[i + 1] - energy[i]);
  };
  double best = 0.0;
  for (const std::int64_t border : time) {
    for (const std::int64_t start : {border, border - length}) {
      if (start < 0 || start + length > total) continue;
      best = std::max(best, energyAt(start + length) - energyAt(start));
    }
  }
  return Watts(best / (static_cast<double>(length) * 1e-12));
}

}  // namespace wattlas
