// What the inner loops of a DPU cost, as instructions per item: of executed kernels
// (kernels/executed_kernels.h), and of the steps for which there is no kernel.
#pragma once

#include <memory>
#include <string>

#include "models/base/parameter.h"
#include "workloads/graph/operator.h"

namespace wattlas::pim {

/// Instructions of one loop, per item.
struct KernelCost {
  double instructions = 0;
  double perTile = 0;     ///< once per tile: set-up and DMA calls
  bool executed = false;  ///< counted while running checked assembly, otherwise stated
  std::string basis;      ///< for people: which loop, from where
  double perWindow = 0;   ///< once per output of a pool, or row of a norm or softmax
  double joules = 0;      ///< of added instructions, per item
};

/// Instructions of an inner-product kernel: a tile is one chunk of a weight row in WRAM, a pass the
/// product of that chunk with one vector, an output one finished sum.
struct MatrixCost {
  double mac = 0, perTile = 0, perPass = 0, perOutput = 0, perRow = 0;
  int group = 1;  ///< multiply-accumulates that the loop does at once; chunks are padded to it
  bool executed = false;
  std::string basis;
  double joules = 0;  ///< of added instructions, per multiply-accumulate
  /// Once per value of the vectors: sums or bit planes that the loop wants beside or instead of it.
  double perValue = 0;
  bool byEach = false;      ///< every tasklet does that for itself
  std::int64_t header = 0;  ///< bytes before the weights of a tile: bias and scale of the row
};

/// Instructions of single steps, without the loop around them.
struct ElementSteps {
  Sourced<Ratio> add, multiply, divide, exponential, compare;
  void bind(Binder& binder);
};

/// Stated instruction counts, for what no kernel computes.
class KernelTable {
 public:
  void bind(Binder& binder);

  /// Bringing one stored activation to fp32.
  KernelCost decode(const NumberFormat& stored) const;
  KernelCost element(OpKind kind, OpVariant variant, const NumberFormat& format) const;
  /// Puts other costs of an fp32 sum and product, loop included, and of the expansion to fp32.
  void replaceFloat(double add, double multiply, double expand);

 private:
  struct Decode {
    Sourced<Ratio> integer, fp16, bf16, fp8, fp4;
  } decode_;
  ElementSteps integer_, floating_;
  Sourced<Ratio> loop_, tile_;
};

/// True when a DPU computes in software floating point for this pair.
bool usesSoftFloat(const NumberFormat& weight, const NumberFormat& activation);

}  // namespace wattlas::pim
