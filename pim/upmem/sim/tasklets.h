// Tasklets of one DPU running a tile loop: issue slots and DMA engine are shared, so overlap and
// stalls come out of the simulation. Time in DPU cycles. Plain C++; a rank module owns it.
#pragma once

#include <cstdint>
#include <vector>

#include "pim/upmem/plan.h"

namespace wattlas::pim {

struct LoopRun {
  std::int64_t cycles = 0;
  std::int64_t dmaBusy = 0;  ///< cycles that the engine was taken
  std::int64_t instructions = 0;
  std::int64_t steps = 0;   ///< evaluated events, folded ones not counted
  std::int64_t folded = 0;  ///< periods that were skipped because the state recurred
};

/// Simulates `loop` to its end. `fold` allows skipping of whole periods once the complete relative
/// state (step and remaining time of every tasklet, engine) occurs a second time, to a quarter of a
/// cycle.
LoopRun runLoop(const TileLoop& loop, const DpuParams& dpu, bool fold);

}  // namespace wattlas::pim
