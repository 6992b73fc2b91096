#include "execution/integer_arithmetic.h"

#include <bit>
#include <cmath>

#include "models/base/error.h"

namespace wattlas {
namespace {

/// Bits that a multiplier may have beside an accumulator of at most `bound`.
int multiplierBits(std::int64_t bound) {
  const int length = static_cast<int>(
      std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(bound, 1))));
  return std::min(31, 62 - length);
}

int shiftFor(double ratio, std::int64_t bound) {
  const int bits = multiplierBits(bound);
  const double limit = std::ldexp(1.0, bits);
  if (bits < 1 || !(ratio < limit / 2))
    throw InputError("sums times a scale ratio of " + std::to_string(ratio) + " need over 62 bits",
                     "narrower formats or fewer inputs a sum");
  int shift = 62;
  while (shift > 1 && std::nearbyint(std::ldexp(ratio, shift)) >= limit) --shift;
  return shift;
}

}  // namespace

std::int32_t Quantiser::quantise(double x) const {
  if (bits == 1) return x >= 0 ? 1 : -1;
  const double q = std::nearbyint(x / scale) + zero;
  return static_cast<std::int32_t>(
      std::clamp<double>(q, static_cast<double>(low()), static_cast<double>(high())));
}

Quantiser Quantiser::forRange(double least, double most, int bits) {
  Quantiser q;
  q.bits = bits;
  least = std::min(least, 0.0), most = std::max(most, 0.0);
  if (most > least) q.scale = (most - least) / (std::ldexp(1.0, bits) - 1);
  q.zero = static_cast<std::int32_t>(std::clamp(q.low() - std::nearbyint(least / q.scale),
                                                static_cast<double>(q.low()),
                                                static_cast<double>(q.high())));
  return q;
}

Requantiser Requantiser::of(double ratio, std::int64_t bound) {
  Requantiser r;
  r.shift = shiftFor(ratio, bound);
  r.multiplier = static_cast<std::int64_t>(std::nearbyint(std::ldexp(ratio, r.shift)));
  return r;
}

SharedRequantiser SharedRequantiser::of(const std::vector<double>& ratios, std::int64_t bound) {
  SharedRequantiser r;
  double largest = 0;
  for (const double ratio : ratios) largest = std::max(largest, std::abs(ratio));
  r.shift = shiftFor(largest, bound);
  for (const double ratio : ratios)
    r.multipliers.push_back(static_cast<std::int64_t>(std::nearbyint(std::ldexp(ratio, r.shift))));
  return r;
}

ValueTable::ValueTable(const std::function<double(double)>& function, const Quantiser& in,
                       const Quantiser& out)
    : in_(in), out_(out), stepBits_(std::max(0, in.bits - 8)) {
  const std::int64_t step = in.bits == 1 ? 2 : std::int64_t{1} << stepBits_;
  const std::int64_t last = in.high() + (stepBits_ > 0 ? 1 : 0);
  for (std::int64_t q = in.low(); q <= last; q += step) {
    const double x = function(in.value(q));
    // A function may have no value at a place, as a logarithm: the nearest code that there is.
    entries_.push_back(std::isnan(x) ? out.zero : out.quantise(x));
  }
}

std::int32_t ValueTable::at(std::int32_t q) const {
  const std::int32_t u = q - in_.low();
  if (in_.bits == 1) return entries_[static_cast<std::size_t>(u / 2)];
  if (stepBits_ == 0) return entries_[static_cast<std::size_t>(u)];
  const auto i = static_cast<std::size_t>(u >> stepBits_);
  const std::int64_t d = u & ((1 << stepBits_) - 1);
  const std::int64_t rise = static_cast<std::int64_t>(entries_[i + 1]) - entries_[i];
  return entries_[i] +
         static_cast<std::int32_t>((rise * d + (std::int64_t{1} << (stepBits_ - 1))) >> stepBits_);
}

SoftmaxTable::SoftmaxTable(double scale, int bits) : bits_(bits) {
  for (std::size_t d = 0; d < 256; ++d) {
    const double x = -scale * static_cast<double>(d);
    fine_[d] = static_cast<std::int64_t>(std::nearbyint(65536 * std::exp(x)));
    coarse_[d] = static_cast<std::int64_t>(std::nearbyint(65536 * std::exp(256 * x)));
  }
}

void SoftmaxTable::apply(const std::int32_t* in, std::int64_t n, int outBits,
                         std::int32_t* out) const {
  const std::int32_t most = *std::max_element(in, in + n);
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto d = static_cast<std::size_t>(most - in[i]);
    const std::int64_t e = bits_ <= 8 ? fine_[d] : (coarse_[d >> 8] * fine_[d & 255] + 32768) >> 16;
    out[i] = static_cast<std::int32_t>(e);
    sum += e;
  }
  const std::int64_t top = (std::int64_t{1} << outBits) - 1;
  for (std::int64_t i = 0; i < n; ++i)
    out[i] = static_cast<std::int32_t>(
        std::min(((static_cast<std::int64_t>(out[i]) << outBits) + (sum >> 1)) / sum, top));
}

std::int64_t integerRoot(std::int64_t value) {
  std::uint64_t left = static_cast<std::uint64_t>(value), root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 62; bit != 0; bit >>= 2) {
    if (left >= root + bit) {
      left -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  return static_cast<std::int64_t>(root);
}

std::int64_t epsilonOf(double eps, double scale, int bits) {
  const double e = std::ldexp(eps / (scale * scale), 2 * std::max(0, 15 - bits));
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::min(std::nearbyint(e), 0x1p40)));
}

void normalise(const std::int32_t* u, std::int64_t n, int bits, bool centre, std::int64_t epsilon,
               std::int64_t* out) {
  const int fraction = std::max(0, 15 - bits);
  std::int64_t mean = 0;
  if (centre) {
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += u[i];
    const std::int64_t scaled = sum * (std::int64_t{1} << fraction) + (n >> 1);
    mean = scaled / n - (scaled % n < 0 ? 1 : 0);  // rounds down
  }
  std::int64_t squares = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    out[i] = u[i] * (std::int64_t{1} << fraction) - mean;
    squares += out[i] * out[i];
  }
  const std::int64_t variance = (squares + (n >> 1)) / n + epsilon;
  const std::int64_t root = integerRoot(variance << 16);
  const std::int64_t reciprocal = (std::int64_t{1} << 46) / root;
  for (std::int64_t i = 0; i < n; ++i) out[i] = (out[i] * reciprocal + (1 << 23)) >> 24;
}

}  // namespace wattlas
