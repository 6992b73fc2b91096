// Floating formats of few bits: rounding of a value to the nearest one that the format has.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

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

}  // namespace wattlas
