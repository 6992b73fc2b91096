// How far streams fill in the first frame when they are never full, for designs that have much in
// common. Nothing flows back through such streams: what a unit sends depends on the units before it
// only. So a pipeline falls apart into segments (units with bounded buffers between them, such as a
// line buffer's), and a segment with the same history sends the same tokens in every design.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "fpga/pipeline.h"
#include "models/base/hash.h"

namespace wattlas::fpga {

/// Remembers the segments it evaluated. Not for several threads at once.
class FirstFrames {
 public:
  /// Largest number of visible tokens per channel in one frame: what `evaluate` finds for one frame
  /// of a pipeline whose sizable channels have room for a whole frame; `end`: when everything has
  /// ended then. Throws InputError when the pipeline is stuck.
  std::vector<std::int64_t> occupancy(const Pipeline& pipeline, std::int64_t* end = nullptr);
  /// Firings that were evaluated, not remembered.
  std::int64_t steps() const { return steps_; }

 private:
  /// A segment with everything before it.
  struct Past {
    std::int64_t end = 0;
    std::vector<std::int64_t> occupancy;          ///< of the channels that end in the segment
    std::vector<std::vector<std::int64_t>> sent;  ///< per channel that leaves it: times of tokens
  };
  struct Segment;
  static std::vector<Segment> segmentsOf(const Pipeline& pipeline);
  std::shared_ptr<const Past> evaluated(const Pipeline& pipeline, const Segment& segment,
                                        const std::vector<const std::vector<std::int64_t>*>& given);

  std::unordered_map<Hash128, std::shared_ptr<const Past>, Hash128Hasher> known_;
  std::int64_t keptTokens_ = 0, steps_ = 0;
};

}  // namespace wattlas::fpga
