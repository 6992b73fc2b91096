// Products on the DPU executor: dense layers, convolutions, attention, searches. The template is
// configs/kernels/dpu/product.s; outputs follow docs/integer-arithmetic.md.
#pragma once

#include <cstdint>
#include <vector>

#include "pim/dpu/exec/machine.h"
#include "pim/upmem/kernels/code.h"

namespace wattlas::pim {

/// y[row][place] = requantise(bias + sum over k of w[row][k] x[place][k]), rows dealt out to the
/// tasklets.
struct Product {
  MacKernel kernel = MacKernel::byte;
  int rows = 1, places = 1, inputs = 1;
  int chunks = 1;                     ///< transfers of a row of weights
  std::vector<std::int32_t> weights;  ///< row by row; fp32 as bits
  std::vector<std::int32_t> x;        ///< values as they come
  /// Gathered: the values of a place are copied together on the DPU, `runs` of `runLength` whose
  /// beginnings are `runStep` apart, from `first[place]` on. Otherwise x holds place after place.
  bool gathered = false;
  std::vector<int> first;
  int runs = 1, runLength = 1, runStep = 0;
  int rowStep = 0;  ///< values of x from row to row, when every row has an x of its own
  std::vector<std::int32_t> bias, multiplier, shift;  ///< of each row
  int zeroPoint = 0, lowest = -128, highest = 127;
  bool distances = false;              ///< binary: bits that differ, as they are
  std::vector<std::int32_t> codebook;  ///< 16 weights

  std::int32_t value(int row, int place, int k) const;
  bool ownRows() const { return rowStep > 0; }
};

/// (acc * m + 2^(n-1)) >> n, zero point, bounds.
std::int32_t requantised(std::int64_t acc, std::int64_t m, int n, int zeroPoint, int lowest,
                         int highest);
/// Row by row, from the definition.
std::vector<std::int32_t> expectedOf(const Product& product);

inline constexpr int productHeader = 16;  ///< bytes of a tile before its weights

/// Values of a chunk must be a multiple of this (whole bodies, whole 8-byte words).
int productGrain(MacKernel kernel, int unroll);
/// Bytes of the operand of one place, padded.
int operandBytes(const Product& product, int unroll);
/// The unrolling of at most `unroll` that pads a row of `inputs` least.
int unrollFor(MacKernel kernel, int inputs, int unroll);
const dpu::Program& programOf(const Product& product, const KernelBuild& build);

/// Runs it and returns what the DPU wrote, row by row. Throws InputError when it does not fit the
/// working memory, std::logic_error with what stopped it.
std::vector<std::int32_t> runProduct(const Product& product, dpu::DpuMachine& machine, int unroll,
                                     const dpu::DpuRunOptions& options, dpu::DpuRunResult& result);
/// The same, and throws std::logic_error naming the first output that differs from expectedOf().
dpu::DpuRunResult runChecked(const Product& product, dpu::DpuMachine& machine, int unroll,
                             const dpu::DpuRunOptions& options);

/// Random weights, values, biases and scales of these sizes; the rows of a smaller one come first
/// in a larger one.
Product randomProduct(MacKernel kernel, int rows, int inputs, int places);

}  // namespace wattlas::pim
