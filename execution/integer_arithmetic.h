// The rules of docs/integer-arithmetic.md as functions. What is prepared uses reals, what is
// computed integers only.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <vector>

namespace wattlas {

/// Scale, zero point and width of a tensor of activations.
struct Quantiser {
  double scale = 1;
  std::int32_t zero = 0;
  int bits = 8;

  std::int32_t low() const { return bits == 1 ? -1 : -(1 << (bits - 1)); }
  std::int32_t high() const { return bits == 1 ? 1 : (1 << (bits - 1)) - 1; }
  std::int32_t saturate(std::int64_t q) const {
    if (bits == 1) return q >= 0 ? 1 : -1;
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(q, low(), high()));
  }
  std::int32_t quantise(double x) const;
  double value(std::int64_t q) const { return scale * static_cast<double>(q - zero); }
  /// The largest |q - zero|.
  std::int64_t reach() const { return std::max(high() - zero, zero - low()); }
  /// For values from `least` to `most`.
  static Quantiser forRange(double least, double most, int bits);
};

/// (acc * multiplier + half) >> shift.
struct Requantiser {
  std::int64_t multiplier = 0;
  int shift = 1;

  std::int64_t apply(std::int64_t acc) const {
    return (acc * multiplier + (std::int64_t{1} << (shift - 1))) >> shift;
  }
  /// For accumulators of at most `bound`; throws InputError when the ratio is too large.
  static Requantiser of(double ratio, std::int64_t bound);
};

/// Multipliers with one shift, for sums of several terms: bound is that of the sum of |terms|.
struct SharedRequantiser {
  std::vector<std::int64_t> multipliers;
  int shift = 1;
  std::int64_t finish(std::int64_t sum) const {
    return (sum + (std::int64_t{1} << (shift - 1))) >> shift;
  }
  static SharedRequantiser of(const std::vector<double>& ratios, std::int64_t bound);
};

/// A function of one value as a table.
class ValueTable {
 public:
  ValueTable() = default;
  ValueTable(const std::function<double(double)>& function, const Quantiser& in,
             const Quantiser& out);
  std::int32_t at(std::int32_t q) const;

 private:
  Quantiser in_, out_;
  std::vector<std::int32_t> entries_;
  int stepBits_ = 0;
};

/// Softmax of rows: exponents as integers, 2^16 = 1.
class SoftmaxTable {
 public:
  SoftmaxTable() = default;
  SoftmaxTable(double scale, int bits);
  /// Shares of 2^outBits, at most 2^outBits - 1, of values that stand `stride` apart.
  void apply(const std::int32_t* in, std::int64_t n, int outBits, std::int32_t* out) const;

 private:
  int bits_ = 8;
  std::array<std::int64_t, 256> fine_{}, coarse_{};
};

std::int64_t integerRoot(std::int64_t value);
/// Normalised values with 14 fraction bits: u are integers of `bits` bits and sign (q - zero);
/// `centre` subtracts the mean. `epsilon` is max(1, round(eps / s^2 2^(2f))), see epsilonOf.
void normalise(const std::int32_t* u, std::int64_t n, int bits, bool centre, std::int64_t epsilon,
               std::int64_t* out);
std::int64_t epsilonOf(double eps, double scale, int bits);
/// Keeps the low bits in two's complement.
inline std::int64_t wrapTo(std::int64_t value, int bits) {
  const int unused = 64 - bits;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << unused) >> unused;
}

}  // namespace wattlas
