// `detailed`: the same pipeline stepped clock by clock with explicit FIFO places and handshakes, no
// folding. Written apart from recurrence.h on purpose: tests hold one against the other.
#pragma once

#include "fpga/pipeline.h"

namespace wattlas::fpga {

/// Runs `frames` frames. `maxCycles` guards against a pipeline that never ends (then the trace says
/// so in `deadlock`).
Trace stepThrough(const Pipeline& pipeline, std::int64_t frames, std::int64_t maxCycles);

}  // namespace wattlas::fpga
