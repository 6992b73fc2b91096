// Counting with an upper limit: products and sums of counts that refuse to pass 2^62.
#pragma once

#include <concepts>
#include <cstdint>

#include "models/base/units.h"

namespace wattlas {

/// Thrown by Exact; callers turn it into an InputError that names the operator.
struct CountOverflow {};

/// A non-negative count of at most 2^62; every step beyond throws CountOverflow.
class Exact {
 public:
  static constexpr std::int64_t limit = std::int64_t{1} << 62;

  Exact(std::int64_t value) : value_(value) {
    if (value > limit || value < 0) throw CountOverflow{};
  }
  Exact operator*(Exact o) const { return checked(static_cast<Wide>(value_) * o.value_); }
  Exact operator+(Exact o) const { return checked(static_cast<Wide>(value_) + o.value_); }
  template <std::integral T>
  Exact operator*(T o) const {
    return *this * Exact(o);
  }
  template <std::integral T>
  Exact operator+(T o) const {
    return *this + Exact(o);
  }
  Exact& operator+=(Exact o) { return *this = *this + o; }
  std::int64_t value() const { return value_; }
  operator std::int64_t() const { return value_; }
  Bits bits() const { return Bits(static_cast<double>(value_)); }

 private:
  __extension__ typedef __int128 Wide;
  static Exact checked(Wide value) {
    if (value > limit) throw CountOverflow{};
    return Exact(static_cast<std::int64_t>(value));
  }
  std::int64_t value_;
};

/// 1 + 2 + ... + n
inline Exact triangle(std::int64_t n) {
  return n % 2 == 0 ? Exact(n / 2) * (Exact(n) + 1) : Exact(n) * (n / 2 + 1);
}

}  // namespace wattlas
