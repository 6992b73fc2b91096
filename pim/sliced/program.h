// What units with slices run: operators, described by what they ask of each resource.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/base/units.h"
#include "models/program.h"
#include "pim/sliced/parameters.h"
#include "workloads/graph/kind.h"
#include "workloads/graph/operator.h"

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

// How the work of an operator spreads over equal units, such as chips.

/// Kinds that units with slices of tensors run.
const KindSet& slicedKinds();
/// Parts of an operator's output that different units can make without each other.
std::int64_t independentParts(const Operator& op);

/// Format of the operand that units hold: keys and values, weights, or a second activation.
const NumberFormat& storedFormat(const Operator& op);

// Attention of few sequences and heads on many chips: the keys are cut into blocks, too.

/// How the keys of each sequence and key-value head are spread when there are chips to spare.
struct KeySplit {
  std::int64_t chips = 1;  ///< that share the keys of one head
  std::int64_t parts = 1;  ///< heads x sequences x chips: what is spread over all chips
  Bits partial;            ///< maxima, sums and weighted sums that meet on one chip of each head
  std::int64_t adds = 0;   ///< to combine them
  /// Share of the cache that the fullest chip holds once contexts are long: blocks go round all
  /// spare chips.
  double storedShare = 1;
};
/// `block`: keys a chip takes before the next one does.
KeySplit splitKeys(const Operator& attention, std::int64_t chips, std::int64_t block);

/// One operator on the busiest unit, tile by tile: the memory port fetches operand tiles into a
/// double buffer and stores results, arithmetic and vector units take each tile in turn. Plain C++.
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
