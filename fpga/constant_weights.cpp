#include "fpga/constant_weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <utility>

namespace wattlas::fpga {
namespace {

/// Weights of more bits differ only in bits that no longer change the averages.
constexpr int mostBits = 16;

/// Non-zero digits of the canonical signed form.
int signedTerms(std::int64_t value) {
  std::int64_t n = std::abs(value);
  int terms = 0;
  for (; n != 0; n >>= 1) {
    if ((n & 1) == 0) continue;
    ++terms;
    n -= 2 - (n & 3);
  }
  return terms;
}

class Averages {
 public:
  void add(std::int64_t value, double weight) {
    all_ += weight;
    const int terms = signedTerms(value);
    if (terms > 0) nonZero_ += weight;
    if (terms >= termsForDsp)
      wide_ += weight;
    else
      terms_ += weight * terms;
  }
  ConstantWeights result() const {
    const double narrow = all_ - wide_;
    return {nonZero_ / all_, narrow > 0 ? terms_ / narrow : 0, wide_ / all_};
  }

 private:
  double all_ = 0, nonZero_ = 0, wide_ = 0, terms_ = 0;
};

ConstantWeights evenly(int bits) {
  Averages averages;
  const std::int64_t half = std::int64_t{1} << (bits - 1);
  for (std::int64_t v = -half; v < half; ++v) averages.add(v, 1);
  return averages.result();
}

}  // namespace

const ConstantWeights& evenWeights(int bits) {
  static const auto table = [] {
    std::array<ConstantWeights, mostBits + 1> all;
    for (int b = 1; b <= mostBits; ++b) all[static_cast<std::size_t>(b)] = evenly(b);
    return all;
  }();
  return table[static_cast<std::size_t>(std::clamp(bits, 1, mostBits))];
}

ConstantWeights normalWeights(int fractionBits, double deviation) {
  thread_local std::map<std::pair<int, double>, ConstantWeights> known;
  if (const auto at = known.find({fractionBits, deviation}); at != known.end()) return at->second;
  constexpr int samples = 4001;
  constexpr double widest = 4;  // standard deviations
  const double scale = deviation * std::exp2(std::min(fractionBits, mostBits));
  Averages averages;
  for (int i = 0; i < samples; ++i) {
    const double z = widest * (2 * (i + 0.5) / samples - 1);
    averages.add(static_cast<std::int64_t>(std::floor(z * scale)), std::exp(-0.5 * z * z));
  }
  if (known.size() > 4096) known.clear();
  return known[{fractionBits, deviation}] = averages.result();
}

}  // namespace wattlas::fpga
