// A built accelerator: layers, foldings, actors and channels with their resources, checked against
// the device.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "fpga/layer.h"
#include "fpga/pipeline.h"
#include "models/base/hash.h"

namespace wattlas::fpga {

// How far streams fill in the first frame when they are never full, for designs that have much in
// common. Nothing flows back through such streams: what a unit sends depends on the units before it
// only. So a pipeline falls apart into segments (units with bounded buffers between them, such as a
// line buffer's), and a segment with the same history sends the same tokens in every design.

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

/// What playing a design once gave: it is the same at every clock that shares the design.
struct Played {
  std::once_flag once;
  Trace trace;
};

struct Design {
  Style style = Style::finn;
  Network network;
  std::vector<Folding> foldings;  ///< of the layers
  std::vector<std::string> why;   ///< who decided about each of them
  Pipeline pipeline;
  Resources total;                      ///< without the shell
  std::int64_t latency = 0;             ///< cycles of one inference alone
  std::vector<std::int64_t> fifoPeaks;  ///< per channel: what an unbounded run of one frame filled
  Bits inputBits, outputBits;           ///< one frame, through the board memory
  Bits weightBits, bufferBits;          ///< on chip
  Bits streamedBits;                    ///< weights in the board memory
  std::vector<std::int64_t> macs;       ///< of all instances, per operator of the region
  std::shared_ptr<Played> played;
  Hash128 hash;  ///< of all that decides a profile but the clock
};

/// What designs have in common: the devices of a sweep share one memory, and it holds only what any
/// of them would compute again in the same way.
struct DesignMemory {
  std::mutex mutex;  ///< held by whoever uses the rest
  FirstFrames frames;
  FoldingMemory foldings;
  /// Designs of the latest networks. As long as no stream waits for the board memory
  /// (Pipeline::unpacedUpTo), a design is the same at any clock.
  std::unordered_map<Hash128, std::shared_ptr<const Design>, Hash128Hasher> designs;
  static constexpr std::size_t mostDesigns = 32;
  std::unordered_map<Hash128, std::shared_ptr<Played>, Hash128Hasher> played;  ///< by Design::hash
  static constexpr std::size_t mostPlayed = 8192;
};

/// Units and streams of layers with given foldings; FIFOs between layers get `fifoDepth` tokens.
Pipeline buildPipeline(const Network& network, const std::vector<Folding>& foldings, Style style,
                       const Parameters& p, std::int64_t fifoDepth);
/// Resources of all units, streams and DMA engines.
Resources resourcesOf(const Pipeline& pipeline);
/// What a design is known by before it is built; nothing when the item does not say what it holds.
std::optional<Hash128> designKey(const WorkItem& item, const Parameters& p, double share);
/// Picks style and foldings, sizes FIFOs, checks the fit. All operators of the item must be
/// supported; `share` of the device is for them.
Expected<Design, Refusal> buildDesign(const WorkItem& item, const Parameters& p, double share,
                                      DesignMemory& memory);

/// Closed form: fill times of the units along the longest path, then the slowest unit's pace.
struct Estimate {
  std::int64_t firstFrame = 0, interval = 1, cycles = 0;
};
Estimate estimateCycles(const Pipeline& pipeline, std::int64_t frames);
/// Cycles that the busiest unit needs for all frames: nothing can be faster.
std::int64_t boundCycles(const Pipeline& pipeline, std::int64_t frames);
/// Actor that sets the pace.
std::size_t bottleneck(const Pipeline& pipeline);

}  // namespace wattlas::fpga
