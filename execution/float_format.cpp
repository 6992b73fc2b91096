#include "execution/float_format.h"

namespace wattlas {

double FloatFormat::round(double x) const {
  if (!std::isfinite(x)) return std::isnan(x) || !saturates ? x : std::copysign(largest, x);
  if (x == 0) return x;
  const int exponent = std::max(std::ilogb(x), 1 - bias());
  const double step = std::ldexp(1.0, exponent - mantissaBits);
  const double rounded = std::nearbyint(x / step) * step;
  if (std::abs(rounded) <= largest) return rounded;
  return std::copysign(saturates ? largest : std::numeric_limits<double>::infinity(), x);
}

FloatFormat ieeeFormat(int exponentBits, int mantissaBits) {
  FloatFormat format{exponentBits, mantissaBits, 0, false};
  format.largest = std::ldexp(2.0 - std::ldexp(1.0, -mantissaBits), format.bias());
  return format;
}

}  // namespace wattlas
