// What designs have in common: the devices of a sweep share one memory, and it holds only what any
// of them would compute again in the same way.
#pragma once

#include <mutex>

#include "fpga/first_frame.h"
#include "fpga/folding.h"

namespace wattlas::fpga {

struct DesignMemory {
  std::mutex mutex;  ///< held while a design is built
  FirstFrames frames;
  FoldingMemory foldings;
};

}  // namespace wattlas::fpga
