// Products on the DPU executor: dense layers, convolutions, attention, searches. The template is
// configs/kernels/dpu/product.s; outputs follow docs/integer-arithmetic.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pim/dpu/exec/extension.h"
#include "pim/dpu/exec/machine.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::pim {

// The kernels whose cost the planner needs: what each reads and makes, and its program, assembled
// from the templates configs/kernels/dpu/product.s and element.s. Sizes come in arguments, so that
// one program serves all sizes.

/// Inner products by the format of weight and activation.
enum class MacKernel {
  binary,       ///< 1 x 1 bit: exclusive or and population count
  binaryByte,   ///< 1-bit weights (+1, -1) x int8
  twoBit,       ///< int2 and ternary weights x int8
  fourBit,      ///< int4 weights x int8
  byte,         ///< int8 x int8
  halfWord,     ///< int16 x int16, sums modulo 2^32
  word,         ///< int32 x int32, modulo 2^32
  singleFloat,  ///< fp32 x fp32: product and sum each rounded to nearest even
  ternary,      ///< -1, 0, 1 x int8 by addition and subtraction alone
  powerOfTwo,   ///< 0 or +-2^0..2^6 x int8 by shifts
  codebook,     ///< 16 int8 weights by index x int8
  sliced        ///< int4 x int4, bit planes of both: and, population count
};
inline constexpr int macKernelCount = 12;
const char* nameOf(MacKernel kernel);

/// What one inner product reads.
struct MacFormat {
  int weightBits = 8, activationBits = 8;
  int group = 8;        ///< multiply-accumulates of one body of the loop
  int outputBytes = 1;  ///< 1, 2: requantised to that width; 4: the sum
};
MacFormat formatOf(MacKernel kernel);

/// Element-wise kernels over int8 (activations) or fp32 (`float..`), and expansion to fp32.
enum class ElementKernel {
  copy,
  add,
  relu,
  lookUp,
  scaleShift,
  maxPool,
  softmax,
  rmsNorm,
  floatAdd,
  floatMultiply,
  fromInt8,
  fromFp16,
  fromBf16,
  fromFp8,
  fromFp4,
  layerNorm,
  rope,
  averagePool,
  gate,  ///< activation by table times a second operand (silu_mul)
  pack   ///< re-layout: eight interleaved streams become eight runs
};
inline constexpr int elementKernelCount = 20;
const char* nameOf(ElementKernel kernel);

struct ElementFormat {
  int inputBits = 8, outputBits = 8;
  bool second = false;  ///< a second operand of the same format
  bool pairs = false;   ///< the second operand holds two values for each element (gain, bias)
  bool table = false;   ///< 256 bytes (int8 kernels) or 256 words (expansion) at `table`
};
ElementFormat formatOf(ElementKernel kernel);

/// How a kernel is assembled.
struct KernelBuild {
  int unroll = 8;  ///< bodies of the loop in a row: 1, 2, 4 or 8 (software floats always 1)
  unsigned tasklets = 16;
  std::shared_ptr<const dpu::IsaExtension> isa;  ///< null = the stock instruction set
};
/// A file of configs/kernels/dpu with `macros` before it. Assembled once per process. Throws
/// InputError naming the line of the template.
const dpu::Program& assembledKernel(const std::string& file, const std::string& macros,
                                    const dpu::Defines& defines, const KernelBuild& build);
const dpu::Program& programOf(MacKernel kernel, const KernelBuild& build);
const dpu::Program& programOf(ElementKernel kernel, const KernelBuild& build);

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
