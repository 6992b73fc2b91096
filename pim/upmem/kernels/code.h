// Generated DPU assembly of the kernels whose cost the planner needs. Every source is a complete
// program; sizes come in arguments, so that one source serves all sizes.
#pragma once

#include <string>

namespace wattlas::pim {

/// Inner products by the format of weight and activation.
enum class MacKernel {
  binary,      ///< 1 x 1 bit: exclusive or and population count
  binaryByte,  ///< 1-bit weights (+1, -1) x int8
  twoBit,      ///< int2 and ternary weights x int8
  fourBit,     ///< int4 weights x int8
  byte,        ///< int8 x int8
  halfWord,    ///< int16 x int16, sums modulo 2^32
  word,        ///< int32 x int32, modulo 2^32
  singleFloat  ///< fp32 x fp32: product and sum each rounded to nearest even
};
const char* nameOf(MacKernel kernel);

/// What one inner product reads.
struct MacFormat {
  int weightBits = 8, activationBits = 8;
  int group = 8;        ///< multiply-accumulates of one body of the loop
  int outputBytes = 1;  ///< int8 after requantisation, or the 32-bit sum
  int scaleShift = 0;   ///< the sum is the product times 2^scaleShift
  int narrow = 4;       ///< bits dropped before the 16-bit multiplication of the requantisation
};
MacFormat formatOf(MacKernel kernel);

/// y = W x for rows of tasklets, weights by DMA in chunks, vectors resident in WRAM. `unroll`:
/// bodies of the loop in a row (1, 2, 4 or 8; software floats always 1).
std::string gemvSource(MacKernel kernel, int unroll);

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

/// Tiles in by DMA, one pass (rows: several) over WRAM, tiles out by DMA.
std::string elementSource(ElementKernel kernel, int unroll);

/// The work on one tile of the kernels from `layerNorm` on; registers as in element_code.cpp.
std::string tileCode(ElementKernel kernel, int unroll);
/// Pieces that tiles share: saturation of `r` to int8, the root of r15 in r14 (r4..r7 change), and
/// r13 = `numerator` / `divisor` for numerators of `bits` bits (r4..r6 change).
std::string saturateCode(const std::string& r, const std::string& id);
std::string rootCode();
std::string divideCode(const std::string& numerator, const std::string& divisor, int bits);

/// fp32 product r8 = r8 x r10 and sum r4 = r4 + r8; labels end in `suffix`. Both round to nearest
/// even; subnormal inputs and results are zero, overflow is infinity; NaN and infinity as inputs
/// are not supported. Use r0, r5..r7, r9..r12.
std::string floatMultiplyCode(const std::string& suffix);
std::string floatAddCode(const std::string& suffix);

/// One-shot barrier of all tasklets (`call r23, barrier`), uses r16; and its variables.
std::string barrierCode();

}  // namespace wattlas::pim
