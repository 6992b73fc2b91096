// Power over time: the highest average over any window of a run. Internal to models/.
#pragma once

#include <vector>

#include "models/base/units.h"

namespace wattlas {

/// A phase of constant average power.
struct PowerPiece {
  Ticks duration;
  Joules energy;
};

/// Highest average power over any window of length `window` within `pieces` (in order). A run
/// shorter than the window is averaged over its own duration.
Watts peakPower(const std::vector<PowerPiece>& pieces, Ticks window);

}  // namespace wattlas
