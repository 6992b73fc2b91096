#include "models/power.h"

#include <algorithm>

namespace wattlas {

Watts peakPower(const std::vector<PowerPiece>& pieces, Ticks window) {
  // Energy is piecewise linear in time, so the maximum is met by a window that starts or ends at a
  // border of two pieces.
  std::vector<std::int64_t> time{0};
  std::vector<double> energy{0.0};
  time.reserve(pieces.size() + 1);
  energy.reserve(pieces.size() + 1);
  for (const PowerPiece& piece : pieces) {
    if (piece.duration.ps <= 0) continue;
    time.push_back(time.back() + piece.duration.ps);
    energy.push_back(energy.back() + piece.energy.value);
  }
  const std::int64_t total = time.back();
  if (total == 0) return Watts(0);
  const std::int64_t length = std::min(window.ps, total);
  if (length == total) return Watts(energy.back() / (static_cast<double>(length) * 1e-12));
  // Borders are visited in order, so the piece that holds a time is never before the last one.
  const auto energyAt = [&](std::int64_t t, std::size_t& piece) {
    while (piece + 1 < time.size() && time[piece + 1] <= t) ++piece;
    if (piece + 1 >= time.size()) return energy.back();
    const double share =
        static_cast<double>(t - time[piece]) / static_cast<double>(time[piece + 1] - time[piece]);
    return energy[piece] + share * (energy[piece + 1] - energy[piece]);
  };
  double best = 0.0;
  for (const std::int64_t offset : {std::int64_t{0}, length}) {
    std::size_t first = 0, last = 0;
    for (const std::int64_t border : time) {
      const std::int64_t start = border - offset;
      if (start < 0 || start + length > total) continue;
      best = std::max(best, energyAt(start + length, last) - energyAt(start, first));
    }
  }
  return Watts(best / (static_cast<double>(length) * 1e-12));
}

}  // namespace wattlas
