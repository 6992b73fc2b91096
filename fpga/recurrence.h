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

#include "fpga/pipeline.h"

namespace wattlas::fpga {

struct RunOptions {
  std::int64_t frames = 1;
  bool fold = true;  ///< stop at a recurring state
};

Trace evaluate(const Pipeline& pipeline, const RunOptions& options);

}  // namespace wattlas::fpga
