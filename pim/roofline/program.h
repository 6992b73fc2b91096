// What the kind `roofline` runs: one operator, described by what it asks of each resource.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/program.h"
#include "pim/roofline/parameters.h"

namespace wattlas::pim {

/// Demands of one operator (one instance) on the resources of the busiest unit.
struct RooflineOp {
  Bits gather;            ///< input that a unit lacks, from the others
  Bits broadcast;         ///< the whole input, to every unit (pattern `host`)
  Bits read;              ///< from memory, each pass: weights, KV cache, input
  Bits written;           ///< to memory: output, KV cache entries
  double operations = 0;  ///< 2 per MAC
  OpRate rate;
  Seconds elements;         ///< vector units
  std::int64_t passes = 1;  ///< the weights pass so often (input exceeds the on-chip memory)
  // Totals of all units, for energy.
  std::int64_t macs = 0, bitsMoved = 0, vectorElements = 0, otherElements = 0, linkBits = 0;
  int energyClass = 0;  ///< 0 floating point, 1 int8, 2 int4
  Bits resident, workspace;
  std::vector<Assumption> assumptions;
};

/// Times on each resource, with it to itself.
struct RooflineDemand {
  Seconds exchange, memory, compute, elements;
  std::int64_t tiles = 1;  ///< halves of the tile buffer that the operand tiles fill, all passes
  Seconds read;            ///< operand tiles; `memory` includes the results too
  Seconds tile, whole;     ///< of it, the first tile; all but the last tile
};
RooflineDemand demandOf(const RooflineOp& op, const RooflineParams& p);
/// Closed form of an operator whose tiles pass memory, arithmetic and vector units in turn, through
/// a double buffer, while finished results wait for gaps of the memory port.
Seconds pipelineTime(const RooflineDemand& d, const RooflineParams& p);
/// Time of the exchange before an operator (the same model at every level).
Ticks exchangeTime(const RooflineOp& op, const RooflineParams& p);

class RooflineProgram final : public Program {
 public:
  RooflineProgram(RooflineOp op, const RooflineParams& params);
  Hash128 hash() const override { return hash_; }
  const std::vector<Footprint>& footprint() const override { return footprint_; }
  Ticks lowerBound() const override { return bound_; }
  const RooflineOp& op() const { return op_; }

 private:
  RooflineOp op_;
  std::vector<Footprint> footprint_;
  Hash128 hash_;
  Ticks bound_;
};

/// One call of the published tool: how long it says, and what it counts.
struct ToolCall {
  double seconds = 0;
  double flops = 0, memoryBits = 0, toDeviceBits = 0, toHostBits = 0;
  std::int64_t repeat = 1;
  Bottleneck bottleneck = Bottleneck::memory;
};

/// The calls that the tool makes for all instances of one operator.
class ToolProgram final : public Program {
 public:
  ToolProgram(std::vector<ToolCall> calls, std::int64_t macs);
  Hash128 hash() const override { return hash_; }
  const std::vector<Footprint>& footprint() const override { return footprint_; }
  Ticks lowerBound() const override { return bound_; }
  bool coversCounts() const override { return true; }
  const std::vector<ToolCall>& calls() const { return calls_; }
  std::int64_t macs() const { return macs_; }

 private:
  std::vector<ToolCall> calls_;
  std::int64_t macs_ = 0;
  std::vector<Footprint> footprint_;
  Hash128 hash_;
  Ticks bound_;
};

}  // namespace wattlas::pim
