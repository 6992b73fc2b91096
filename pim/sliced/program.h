// What units with slices run: operators, described by what they ask of each resource.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/program.h"
#include "pim/sliced/parameters.h"

namespace wattlas::pim {

/// Demands of one operator (one instance) on the resources of the busiest unit.
struct SlicedOp {
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
struct SlicedDemand {
  Seconds exchange, latency, memory, compute, elements;
  std::int64_t tiles = 1;  ///< halves of the tile buffer that the operand tiles fill, all passes
  Seconds read;            ///< operand tiles; `memory` includes the results too
  Seconds tile, whole;     ///< of it, the first tile; all but the last tile
};
SlicedDemand demandOf(const SlicedOp& op, const SlicedParams& p, const MemoryPort& memory);
/// Closed form of an operator whose tiles pass memory, arithmetic and vector units in turn, through
/// a double buffer, while finished results wait for gaps of the memory port.
Seconds pipelineTime(const SlicedDemand& d, const SlicedParams& p);
/// Time of the exchange before an operator (the same model at every level).
Ticks exchangeTime(const SlicedOp& op, const SlicedParams& p);

class SlicedProgram final : public Program {
 public:
  SlicedProgram(std::vector<SlicedOp> operators, const SlicedParams& params);
  Hash128 hash() const override { return hash_; }
  const std::vector<Footprint>& footprint() const override { return footprint_; }
  Ticks lowerBound() const override { return bound_; }
  const std::vector<SlicedOp>& operators() const { return operators_; }

 private:
  std::vector<SlicedOp> operators_;
  std::vector<Footprint> footprint_;
  Hash128 hash_;
  Ticks bound_;
};

}  // namespace wattlas::pim
