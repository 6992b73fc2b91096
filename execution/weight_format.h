// What a stored weight means: number formats of weights with scales by tensor, channel or group
// (docs/integer-arithmetic.md). A floating format has rounded values, every other one integers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "execution/float_format.h"
#include "workloads/graph/format.h"

namespace wattlas {

enum class WeightCode {
  integer,
  fixedPoint,
  ternary,
  binary,
  powerOfTwo,
  kHot,
  floating,     ///< one value each, no scale (fp32 to fp16)
  scaledFloat,  ///< few bits and a scale: fp8, fp6, fp4
  microscaled,  ///< groups of 32 with a power of two as scale
  nvfp4,
  nf4,
  q4_0,  ///< what K types fall back to are formats of their own
  q5_0,
  q5_1,
  q8_0,
  q4_K,
  q5_K,
  q6_K,
};

enum class Granularity { tensor, channel, group };
enum class RangeRule { minMax, leastError };

struct WeightFormat {
  std::string name;
  WeightCode code = WeightCode::integer;
  int bits = 8;          ///< of one element
  int fractionBits = 0;  ///< fixed point
  int terms = 1;         ///< K-hot: powers of two a weight is the sum of
  bool affine = false;   ///< integer with a zero point
  FloatFormat element;   ///< floating kinds
  Granularity granularity = Granularity::channel;
  std::int64_t group = 0;

  /// Weights are integers with scales, so that sums are integers too.
  bool isInteger() const { return code <= WeightCode::kHot; }
  /// Values of one scale along a row of `columns`.
  std::int64_t groupSize(std::int64_t columns) const;
  /// Bits a weight, scales and zero points included.
  double storedBits(std::int64_t rows, std::int64_t columns) const;
};

/// Names of `wattlas formats` and of docs/integer-arithmetic.md: int2..int16, fixed<W,I>, ternary,
/// binary, pow2-2..5, khotK-b, fp32, tf32, bf16, fp16, fp8-e4m3, fp8-e5m2, fp6-e3m2, fp6-e2m3,
/// fp4-e2m1, mxfp4, mxfp6 (-e2m3), mxfp8 (-e5m2), nvfp4, nf4, q4_k, q5_k, q6_k, q4_0, q5_0, q5_1,
/// q8_0. Case does not matter. Throws InputError.
WeightFormat parseWeightFormat(std::string_view name);

/// A matrix of weights (rows = outputs) in its format.
struct QuantisedMatrix {
  WeightFormat format;
  std::int64_t rows = 0, columns = 0, group = 0;
  std::vector<std::int32_t> values;  ///< integer formats: w, the zero point subtracted
  std::vector<double> scales;        ///< integer formats: rows x groups
  std::vector<float> reals;          ///< floating formats: rounded values

  std::int64_t groups() const { return group > 0 ? (columns + group - 1) / group : 1; }
};

/// Throws InputError where a format does not fit the shape (a block that does not divide the row
/// falls back as GGUF files do; `format.name` of the result says to what).
QuantisedMatrix quantiseWeights(const WeightFormat& format, const std::vector<float>& weights,
                                std::int64_t rows, std::int64_t columns,
                                RangeRule rule = RangeRule::minMax);
std::vector<float> dequantise(const QuantisedMatrix& matrix);

/// Formats of an execution: those of weights and of activations. `text` is FMT of the contract
/// (w4a8, w4g128a8, w1.58a8, w4a8acc16) or a name; one of a floating format takes 16-bit floats as
/// activations where it is for weights only (nf4, q4_k), itself elsewhere.
struct ExecutionFormat {
  std::string name;
  WeightFormat weight;
  int activationBits = 8;                      ///< integer activations
  bool floating = false;                       ///< products of rounded reals, sums in fp32
  WeightFormat activation;                     ///< when floating
  int accumulatorBits = 0;                     ///< 0 = as wide as needed (32 or 64)
  std::map<std::string, WeightFormat> layers;  ///< weights of steps with a format of their own
  const WeightFormat& weightOf(const std::string& step) const {
    const auto own = layers.find(step);
    return own == layers.end() ? weight : own->second;
  }
  bool isFixed() const { return weight.code == WeightCode::fixedPoint; }
};
ExecutionFormat parseExecutionFormat(std::string_view text);
/// One name of each kind of format, for tables and tests.
const std::vector<std::string>& executionFormatNames();

}  // namespace wattlas
