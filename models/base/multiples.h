// Whole parts of a number, and parameters in multiples: what all families count with.
#pragma once

#include <cmath>
#include <cstdint>

#include "models/base/parameter.h"

namespace wattlas {

/// A number that is never negative as an index or size.
inline std::size_t count(std::int64_t n) {
  return static_cast<std::size_t>(n);
}
inline std::int64_t ceilDiv(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}
/// The next whole number; what rounding left above one does not count.
inline std::int64_t whole(double v) {
  return static_cast<std::int64_t>(std::ceil(v - 1e-9));
}

/// `n` times a parameter, interval and source included, as a quantity of kind `To`: Watts of all
/// chips from those of one, or Joules of a counted bit from JoulesPerBit.
template <class To, class From>
Sourced<To> scaled(const Sourced<From>& one, double n) {
  Sourced<To> all;
  all.value = To(one.value.value * n);
  all.low = To(one.low.value * n);
  all.high = To(one.high.value * n);
  all.basis = one.basis;
  all.source = one.source;
  return all;
}
inline Sourced<Joules> perBit(const Sourced<JoulesPerBit>& e) {
  return scaled<Joules>(e, 1);
}

}  // namespace wattlas
