// One operator on the busiest unit, tile by tile: the memory port fetches operand tiles into a
// double buffer and stores results, arithmetic and vector units take each tile in turn. Plain C++.
#pragma once

#include "pim/sliced/program.h"

namespace wattlas::pim {

struct TileRun {
  Ticks time;
  Ticks memory, compute, vector;  ///< busy times
  std::int64_t tiles = 0;
  std::int64_t steps = 0;  ///< fetches, stores and tiles evaluated
};

/// `inputReady`: when the exchange before the operator is over.
TileRun runTiles(const SlicedOp& op, const SlicedParams& params, const MemoryPort& memory,
                 Ticks inputReady);

}  // namespace wattlas::pim
