// What designs have in common: the devices of a sweep share one memory, and it holds only what any
// of them would compute again in the same way.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "fpga/first_frame.h"
#include "fpga/folding.h"

namespace wattlas::fpga {

struct Design;

struct DesignMemory {
  std::mutex mutex;  ///< held by whoever uses the rest
  FirstFrames frames;
  FoldingMemory foldings;
  /// Designs of the latest networks. As long as no stream waits for the board memory
  /// (Pipeline::unpacedUpTo), a design is the same at any clock.
  std::unordered_map<Hash128, std::shared_ptr<const Design>, Hash128Hasher> designs;
  static constexpr std::size_t mostDesigns = 32;
};

}  // namespace wattlas::fpga
