// The kernels whose cost the planner needs: what each reads and makes, and its program, assembled
// from the templates configs/kernels/dpu/product.s and element.s. Sizes come in arguments, so that
// one program serves all sizes.
#pragma once

#include <memory>
#include <string>

#include "pim/dpu/exec/extension.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::pim {

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

}  // namespace wattlas::pim
