// Operators -> stages: how work is split over DPUs, tasklets and tiles.
#pragma once

#include "models/base/multiples.h"
#include "pim/upmem/kernels/executed_kernels.h"
#include "pim/upmem/plan.h"

namespace wattlas::pim {

/// A matrix product as it is split over DPUs: `outputs` x `inputs` weights, `passes` vectors.
struct MatrixShape {
  std::int64_t outputs = 1, inputs = 1, passes = 1;
  std::int64_t batches = 1;    ///< independent products (groups of a convolution)
  Bits inputBits, outputBits;  ///< activations as the operator moves them
  bool hasWeights = true;
};

/// How a matrix product is split: outputs x passes x inputs parts.
struct MatrixSplit {
  std::int64_t outputParts = 1, passParts = 1, inputParts = 1;
  std::int64_t used() const { return outputParts * passParts * inputParts; }
};
MatrixSplit splitMatrix(const MatrixShape& shape, std::int64_t dpus);

class Planner {
 public:
  Planner(const UpmemParams& params, const KernelCosts& costs) : p_(params), costs_(costs) {}

  static const KindSet& kinds();
  Support support(const Operator& op) const;
  Expected<OpPlan, Refusal> plan(const Operator& op) const;
  /// Whether the bank's MACs run a product of these formats.
  bool onBank(const NumberFormat& weight, const NumberFormat& activation) const;

 private:
  Expected<OpPlan, Refusal> matrix(const Operator& op) const;
  Expected<OpPlan, Refusal> matrixOn(const Operator& op, std::int64_t dpus, bool notes) const;
  /// Closed-form time of `op` on `dpus`, or nothing when it is not below `limit` or does not fit.
  std::optional<Ticks> matrixTime(const Operator& op, std::int64_t dpus,
                                  std::optional<Ticks> limit) const;
  Expected<OpPlan, Refusal> attention(const Operator& op) const;
  Expected<OpPlan, Refusal> attentionIn(const Operator& op, std::int64_t mostParts) const;
  Expected<OpPlan, Refusal> element(const Operator& op) const;
  OpPlan elementOn(const Operator& op, std::int64_t dpus) const;
  Expected<OpPlan, Refusal> embedding(const Operator& op) const;

  /// `sharing`: outputs that multiply the same inputs (those of one group or batch).
  DpuWork matrixWork(std::int64_t outputs, std::int64_t inputs, std::int64_t passes,
                     std::int64_t sharing, const TensorFormats& formats, bool bank) const;
  /// Brings new keys and values into the order that the bank's MACs read.
  void append(DpuWork& work, std::int64_t units, std::int64_t keys, std::int64_t width,
              const NumberFormat& kv) const;
  TileLoop loadLoop(std::int64_t bytes, double instructionsPerByte) const;
  /// Bytes of WRAM for operands.
  double room() const;
  /// Buffer bytes that one tasklet may use for one operand.
  std::int64_t bufferBytes() const;
  /// Largest shared operand that stays in WRAM.
  std::int64_t sharedBytes() const;
  double peakMacs(const NumberFormat& weight, const NumberFormat& activation) const;
  /// A tensor that does not fit the bank of a DPU, with the shortfall.
  Refusal beyondMram(const Operator& op, const std::string& what, Bits needed,
                     const std::string& nearest) const;
  void note(OpPlan& plan, const Operator& op, bool bank) const;
  /// Names a kernel whose cost is stated and not executed.
  static void stated(OpPlan& plan, const std::string& kernel, bool executed);

  const UpmemParams& p_;
  const KernelCosts& costs_;
};

/// Product behind a gemm, convolution or Hamming search.
MatrixShape matrixShapeOf(const Operator& op);

/// Bytes of `elements` of `bits`, in whole 8-byte words (the grain of MRAM).
inline std::int64_t wordBytes(std::int64_t elements, int bits) {
  return ceilDiv(elements * bits, 64) * 8;
}

}  // namespace wattlas::pim
