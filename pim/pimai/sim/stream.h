// One channel of a PIM-AI chip streaming a tensor row by row through a double buffer into the logic
// die: activations over banks, data bus, refresh and compute as one recurrence. Plain C++.
#pragma once

#include "pim/pimai/device.h"

namespace wattlas::pim {

struct StreamRun {
  Ticks time;
  Ticks memory;            ///< end of the last burst
  std::int64_t steps = 0;  ///< rows and tiles evaluated
  std::int64_t rows = 0, refreshes = 0, deferred = 0;
};

StreamRun runStream(const PimAiOp& op, const PimAiParams& params);

}  // namespace wattlas::pim
