// Device kind `pim-ai`: chips that hold a slice of every tensor (tensor parallel). Matrix products
// read their slice of the weights at the stack's rate; inputs are collected from all chips and
// broadcast; results stay where they are made.
#pragma once

#include <memory>
#include <vector>

#include "models/registry.h"
#include "pim/pimai/parameters.h"
#include "pim/pimai/spread.h"

namespace wattlas::pim {

/// One operator on the chips: exchange of inputs, streaming with compute, element work.
struct PimAiOp {
  Bits gather, broadcast;  ///< exchange before it: payload from the chips, payload to each chip
  Bits stream;             ///< read by the busiest chip: weights, KV cache, activations
  double operations = 0;   ///< of the busiest chip, 2 per MAC
  OpRate rate;
  Seconds elements;               ///< non-linear and element-wise work of the busiest chip
  std::int64_t streamPasses = 1;  ///< the stream is read so often (activations exceed the SRAM)
  // Totals of all chips, for energy.
  std::int64_t macs = 0, bitsMoved = 0, vectorElements = 0, otherElements = 0, linkBits = 0;
  int energyClass = 0;
  Bits resident, workspace;
  std::vector<Assumption> assumptions;
};

/// How a chip reads the stream of an operator: rows of each channel, in tiles that fill half of the
/// buffer; every row brings the same share of the operations.
struct StreamTiles {
  double perChannel = 0;  ///< bits of a pass
  std::int64_t rows = 0;  ///< of a channel and pass; the last may be short
  std::int64_t rowsPerTile = 1;
  double operationsPerRow = 0;
};
StreamTiles tilesOf(const PimAiOp& op, const PimAiParams& params);

class PimAiProgram final : public Program {
 public:
  PimAiProgram(std::vector<PimAiOp> operators, const PimAiParams& params);
  Hash128 hash() const override { return hash_; }
  const std::vector<Footprint>& footprint() const override { return footprint_; }
  Ticks lowerBound() const override { return bound_; }
  const std::vector<PimAiOp>& operators() const { return operators_; }

 private:
  std::vector<PimAiOp> operators_;
  std::vector<Footprint> footprint_;
  Hash128 hash_;
  Ticks bound_;
};

/// Times of one operator.
struct PimAiTimes {
  Ticks exchange, stream, elements;  ///< `stream` includes the compute that overlaps it
  Bottleneck bottleneck = Bottleneck::memory;
};

class PimAiDevice : public ConfiguredDevice {
 public:
  bool configure(const ConfigNode& config, const std::string& prefix, Problems& problems);
  static std::string schema();

  int modelVersion() const override { return 4; }
  const KindSet& kinds() const override { return slicedKinds(); }
  Expected<std::shared_ptr<const Program>, Refusal> lower(const WorkItem& item) const override;
  bool lowersByOperator() const override { return true; }
  Profile estimate(const Program& program) const override;
  CopyCost copy(const CopyRequest& request) const override;
  LaunchCost launch() const override;
  Bits residentBits(const Operator& op) const override;

  const PimAiParams& params() const { return params_; }
  /// Segments, shares and counts from the times of each operator.
  Profile profileOf(const PimAiProgram& program, const std::vector<PimAiTimes>& times) const;
  /// Exchange of one operator with the links to itself (same model at every fidelity).
  static Ticks exchangeTime(const PimAiOp& op, const PimAiParams& params);

 private:
  Support supportKnown(const Operator& op) const override;
  PimAiOp plan(const Operator& op) const;
  EnergyCounts countsOf(const PimAiOp& op) const;

  PimAiParams params_;
  CoefficientId bit_ = 0, activation_ = 0, flop_ = 0, int8_ = 0, int4_ = 0, link_ = 0;
};

}  // namespace wattlas::pim
