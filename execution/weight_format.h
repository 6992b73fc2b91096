// What a stored weight means (docs/integer-arithmetic.md): a floating format and a code that is
// decoded have rounded values, every other one integers with scales by tensor, channel or group.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "workloads/graph/format.h"

namespace wattlas {

/// Sign, exponent and mantissa bits. Values beyond `largest` saturate, as in casts of inference
/// engines; fp16, bf16 and tf32 overflow to infinity.
struct FloatFormat {
  int exponentBits = 8, mantissaBits = 23;
  double largest = 0;
  bool saturates = true;

  int bias() const { return (1 << (exponentBits - 1)) - 1; }
  /// Nearest value, ties to the even mantissa; NaN stays.
  double round(double x) const;
};

/// IEEE format with infinities.
FloatFormat ieeeFormat(int exponentBits, int mantissaBits);
inline const FloatFormat fp8e4m3{4, 3, 448, true}, fp8e5m2{5, 2, 57344, true},
    fp6e3m2{3, 2, 28, true}, fp6e2m3{2, 3, 7.5, true}, fp4e2m1{2, 1, 6, true};

enum class RangeRule { minMax, leastError };
struct Rounding {
  RangeRule range = RangeRule::minMax;
  bool wholeTensor = false;  ///< one scale for all weights instead of one an output
};

/// Weights are integers with scales, so that sums are integers too.
bool hasIntegers(const NumberFormat& format);
/// The widest sum in bits that the format asks for; 0 = as wide as needed (32 or 64).
int accumulatorBitsOf(const TensorFormats& formats);
/// Throws InputError where the engines have no rule for a format: one that is known by its size
/// only, float weights with integer activations, widths beyond 16 bits.
void checkExecutable(const TensorFormats& formats);

/// A matrix of weights (rows = outputs) in its format.
struct QuantisedMatrix {
  NumberFormat format;
  std::int64_t rows = 0, columns = 0, group = 0;
  std::vector<std::int32_t> values;  ///< integer formats: w, the zero point subtracted
  std::vector<double> scales;        ///< integer formats: rows x groups
  std::vector<float> reals;          ///< others: rounded values

  std::int64_t groups() const { return group > 0 ? (columns + group - 1) / group : 1; }
  double storedBits() const {
    return denseBits(format, static_cast<double>(rows), static_cast<double>(columns));
  }
};

/// A block that does not divide the row falls back as GGUF files do: `format` of the result says to
/// what. Throws InputError.
QuantisedMatrix quantiseWeights(const NumberFormat& format, const std::vector<float>& weights,
                                std::int64_t rows, std::int64_t columns,
                                const Rounding& rounding = {});
std::vector<float> dequantise(const QuantisedMatrix& matrix);
/// Values rounded to `format`, none of integers.
std::vector<float> roundedReals(const NumberFormat& format, std::vector<float> values,
                                std::int64_t rows, std::int64_t columns, bool wholeTensor = false);

/// Formats of an execution; weights of single steps may have their own.
struct ExecutionFormat : TensorFormats {
  ExecutionFormat(TensorFormats formats = {}) : TensorFormats(std::move(formats)) {}
  std::map<std::string, NumberFormat> layers;  ///< by name of the step
  const NumberFormat& weightOf(const std::string& step) const {
    const auto own = layers.find(step);
    return own == layers.end() ? weight : own->second;
  }
};

}  // namespace wattlas
