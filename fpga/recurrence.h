// `event`: firing times by max-plus recurrence, frame by frame, exact with back-pressure.
//
//   start[f] = max(end[f-1], visible[last needed token] of each input,
//                  freed[produced token - capacity] of each output)
//
// All firings of a frame depend on firings of this and earlier frames only, so a frame is evaluated
// completely before the next one. Between frames the whole state is: when each actor is free, and
// when the last places of each channel became free. Once it recurs (relative to the end of the
// frame), all later frames are copies of the frames since, and are not evaluated.
#pragma once

#include <optional>

#include "fpga/pipeline.h"

namespace wattlas::fpga {

struct RunOptions {
  std::int64_t frames = 1;
  bool fold = true;  ///< stop at a recurring state
};

Trace evaluate(const Pipeline& pipeline, const RunOptions& options);

/// What one frame of a part of a pipeline gave, per channel of the part.
struct PartTrace {
  std::int64_t end = 0;                 ///< of everything in the part
  std::vector<std::int64_t> occupancy;  ///< largest number of visible tokens; 0 where nobody reads
  /// Channels without reader: when each token would be visible if its channel had no delay.
  std::vector<std::vector<std::int64_t>> sent;
};

/// Evaluates one frame of a part whose sizable channels are never full. Open channels have `from` =
/// -1 (their tokens are `given`: one list of times a channel, as `PartTrace::sent` has them, others
/// null) or `to` = -1. Nothing when the part is stuck.
std::optional<PartTrace> evaluatePart(const Pipeline& part,
                                      const std::vector<const std::vector<std::int64_t>*>& given);

// `detailed`: the same pipeline stepped clock by clock with explicit FIFO places and handshakes, no
// folding. Written apart from recurrence.h on purpose: tests hold one against the other.

/// Runs `frames` frames. `maxCycles` guards against a pipeline that never ends (then the trace says
/// so in `deadlock`).
Trace stepThrough(const Pipeline& pipeline, std::int64_t frames, std::int64_t maxCycles);

}  // namespace wattlas::fpga
