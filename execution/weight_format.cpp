#include "execution/weight_format.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "models/base/error.h"

namespace wattlas {
namespace {

using Span = std::span<const float>;
using Codes = std::span<std::int32_t>;

double largestOf(Span x) {
  double most = 0;
  for (const float v : x) most = std::max(most, std::abs(static_cast<double>(v)));
  return most;
}

/// The power of two 2^0..2^top or 0 that is nearest to v >= 0, the smaller one on ties.
std::int32_t nearestPower(double v, int top) {
  if (v <= 0.5) return 0;
  int e = std::clamp(std::ilogb(v), 0, top);
  if (e < top && v > 1.5 * std::ldexp(1.0, e)) ++e;
  return std::int32_t{1} << e;
}

std::int32_t sumOfPowers(double x, int terms, int top) {
  std::int32_t sum = 0;
  for (int i = 0; i < terms; ++i) {
    const double left = x - sum;
    const std::int32_t power = nearestPower(std::abs(left), top);
    if (power == 0) break;
    sum += left < 0 ? -power : power;
  }
  return sum;
}

/// Weights of one scale as integers.
class Encoder {
 public:
  explicit Encoder(const NumberFormat& format) : format_(format) {}

  double encode(Span x, Codes w, RangeRule rule) const {
    if (format_.kind == NumberKind::binary) return binary(x, w);
    if (format_.kind == NumberKind::ternary) return ternary(x, w);
    if (format_.isFixed()) return fixedPoint(x, w);
    double scale = encodeWithin(x, w, 1);
    if (rule == RangeRule::minMax) return scale;
    double least = errorOf(x, w, scale), best = 1;
    for (int percent = 99; percent >= 20; --percent) {
      const double error = errorOf(x, w, encodeWithin(x, w, percent / 100.0));
      if (error < least) least = error, best = percent / 100.0;
    }
    return encodeWithin(x, w, best);
  }

 private:
  static double errorOf(Span x, std::span<const std::int32_t> w, double scale) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double d = x[i] - scale * w[i];
      sum += d * d;
    }
    return sum;
  }

  /// With `factor` of the range that holds all values.
  double encodeWithin(Span x, Codes w, double factor) const {
    if (format_.affine) return affine(x, w, factor);
    const double most = factor * largestOf(x);
    const int top =
        format_.coding == Coding::powerOfTwo ? (1 << (format_.bits - 1)) - 2 : format_.bits - 2;
    const bool powers = format_.coding != Coding::plain;
    const std::int32_t levels =
        powers ? std::int32_t{1} << top : (std::int32_t{1} << (format_.bits - 1)) - 1;
    const double scale = most > 0 ? most / levels : 1;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double v = x[i] / scale;
      if (format_.coding == Coding::kHot)
        w[i] = sumOfPowers(std::clamp<double>(v, -levels, levels), format_.terms, top);
      else if (powers)
        w[i] = v < 0 ? -nearestPower(-v, top) : nearestPower(v, top);
      else
        w[i] = static_cast<std::int32_t>(std::clamp<double>(std::nearbyint(v), -levels, levels));
    }
    return scale;
  }

  double affine(Span x, Codes w, double factor) const {
    double low = 0, high = 0;
    for (const float v : x) low = std::min<double>(low, v), high = std::max<double>(high, v);
    low *= factor, high *= factor;
    const double levels = std::ldexp(1.0, format_.bits) - 1;
    const double scale = high > low ? (high - low) / levels : 1;
    const double zero = std::clamp(std::nearbyint(-low / scale), 0.0, levels);
    for (std::size_t i = 0; i < x.size(); ++i)
      w[i] = static_cast<std::int32_t>(
          std::clamp(std::nearbyint(x[i] / scale) + zero, 0.0, levels) - zero);
    return scale;
  }

  static double binary(Span x, Codes w) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      sum += std::abs(static_cast<double>(x[i]));
      w[i] = x[i] >= 0 ? 1 : -1;
    }
    return sum > 0 ? sum / static_cast<double>(x.size()) : 1;
  }

  static double ternary(Span x, Codes w) {
    double sum = 0, kept = 0;
    std::int64_t count = 0;
    for (const float v : x) sum += std::abs(static_cast<double>(v));
    const double threshold = 0.7 * sum / static_cast<double>(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double v = std::abs(static_cast<double>(x[i]));
      w[i] = v <= threshold ? 0 : x[i] > 0 ? 1 : -1;
      if (w[i] != 0) kept += v, ++count;
    }
    return count > 0 ? kept / static_cast<double>(count) : 1;
  }

  double fixedPoint(Span x, Codes w) const {
    const double ones = std::ldexp(1.0, format_.bits);
    for (std::size_t i = 0; i < x.size(); ++i) {
      double v = std::floor(std::ldexp(static_cast<double>(x[i]), format_.fractionBits));
      v -= ones * std::floor(v / ones + 0.5);  // wraps into [-2^(b-1), 2^(b-1))
      w[i] = static_cast<std::int32_t>(v);
    }
    return std::ldexp(1.0, -format_.fractionBits);
  }

  const NumberFormat& format_;
};

}  // namespace

bool hasIntegers(const NumberFormat& f) {
  return !f.isFloat() && (f.coding != Coding::block || f.kind == NumberKind::ternary);
}

int accumulatorBitsOf(const TensorFormats& formats) {
  return formats.accumulator.bits == 32 ? 0 : formats.accumulator.bits;
}

void checkExecutable(const TensorFormats& f) {
  const auto refuse = [&](const std::string& why, const std::string& expected) {
    throw InputError("format '" + f.name + "' " + why, expected);
  };
  if (!hasIntegers(f.weight)) {
    if (!f.activation.isFloat())
      refuse("has float weights with integer activations", "integers, or floats, on both sides");
    roundedReals(f.weight, {}, 0, 0);  // refuses what is known by its size only
  }
  if (f.weight.isFixed() && f.weight.bits > 16) refuse("is executed up to 16 bits", "fixed<16,I>");
  if (!f.weight.isFloat() && f.weight.bits > 16)
    refuse("has weights of more than 16 bits", "1 to 16 bits");
  if (f.activation.isFloat()) return;
  if (f.activation.bits > 16) refuse("has activations of more than 16 bits", "1 to 16 bits");
  if (f.accumulator.bits < 8 && !f.weight.isFixed())
    refuse("has accumulators of less than 8 bits", "8 to 32 bits");
}

QuantisedMatrix quantiseWeights(const NumberFormat& format, const std::vector<float>& weights,
                                std::int64_t rows, std::int64_t columns, const Rounding& rounding) {
  QuantisedMatrix out{storedAs(format, columns), rows, columns, columns, {}, {}, {}};
  for (const float w : weights)
    if (!std::isfinite(w)) throw InputError("a weight is no finite number", "finite weights");
  if (!hasIntegers(out.format)) {
    out.reals = roundedReals(out.format, weights, rows, columns, rounding.wholeTensor);
    return out;
  }
  if (format.kind == NumberKind::integer) out.group = format.groupSize(columns);
  out.values.resize(weights.size());
  out.scales.resize(static_cast<std::size_t>(rows * out.groups()));
  const Encoder encoder(format);
  if (rounding.wholeTensor) {
    const double scale = encoder.encode(weights, out.values, rounding.range);
    std::fill(out.scales.begin(), out.scales.end(), scale);
    return out;
  }
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t g = 0; g < out.groups(); ++g) {
      const std::int64_t from = r * columns + g * out.group;
      const auto count = static_cast<std::size_t>(std::min(out.group, columns - g * out.group));
      out.scales[static_cast<std::size_t>(r * out.groups() + g)] = encoder.encode(
          Span(weights).subspan(static_cast<std::size_t>(from), count),
          Codes(out.values).subspan(static_cast<std::size_t>(from), count), rounding.range);
    }
  return out;
}

std::vector<float> dequantise(const QuantisedMatrix& m) {
  if (!hasIntegers(m.format)) return m.reals;
  std::vector<float> out(m.values.size());
  for (std::int64_t r = 0; r < m.rows; ++r)
    for (std::int64_t c = 0; c < m.columns; ++c) {
      const auto at = static_cast<std::size_t>(r * m.columns + c);
      out[at] = static_cast<float>(
          m.scales[static_cast<std::size_t>(r * m.groups() + c / m.group)] * m.values[at]);
    }
  return out;
}

}  // namespace wattlas
