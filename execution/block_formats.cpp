// Formats whose values are reals: minifloats with a scale, blocks that share one, code tables.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <span>
#include <stdexcept>

#include "execution/weight_format.h"
#include "models/base/error.h"

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

namespace {

using Block = std::span<float>;

double largestOf(std::span<const float> x) {
  double most = 0;
  for (const float v : x) most = std::max(most, std::abs(static_cast<double>(v)));
  return most;
}

double half(double x) {
  static const FloatFormat format = ieeeFormat(5, 10);
  return format.round(x);
}

void scaledFloat(Block x, const FloatFormat& element) {
  const double most = largestOf(x), scale = most > 0 ? most / element.largest : 1;
  for (float& v : x) v = static_cast<float>(element.round(v / scale) * scale);
}

void microscaled(Block x, const FloatFormat& element) {
  const double most = largestOf(x);
  if (most == 0) return;
  const int exponent = std::clamp(std::ilogb(most) - std::ilogb(element.largest), -127, 127);
  const double scale = std::ldexp(1.0, exponent);
  for (float& v : x) v = static_cast<float>(element.round(v / scale) * scale);
}

void nvfp4(Block x, double global) {
  const double scale = fp8e4m3.round(global * largestOf(x) / fp4e2m1.largest);
  for (float& v : x)
    v = scale == 0 ? 0.0f : static_cast<float>(fp4e2m1.round(v * global / scale) * scale / global);
}

/// Quantiles of a normal distribution, as of QLoRA.
constexpr std::array<double, 16> nf4Codes = {
    -1.0,       -0.69619280, -0.52507305, -0.39491749, -0.28444138, -0.18477343, -0.09105004, 0.0,
    0.07958030, 0.16093020,  0.24611230,  0.33791524,  0.44070983,  0.56261700,  0.72295684,  1.0};

void nf4(Block x) {
  const double most = largestOf(x);
  if (most == 0) return;
  for (float& v : x) {
    const double u = v / most;
    std::size_t code = 0;
    while (code < 15 && u > (nf4Codes[code] + nf4Codes[code + 1]) / 2) ++code;
    v = static_cast<float>(nf4Codes[code] * most);
  }
}

// GGUF blocks (docs: number formats). Scales are the extremes, without the weighted search of the
// published files: sizes are theirs, values are these.

double signedExtreme(std::span<const float> x) {
  double extreme = 0;
  for (const float v : x)
    if (std::abs(static_cast<double>(v)) > std::abs(extreme)) extreme = v;
  return extreme;
}

/// q4_0 and q5_0: the extreme of larger size becomes the lowest code.
void towardsExtreme(Block x, int levels) {
  const double d = half(signedExtreme(x) / -levels);
  for (float& v : x) {
    const double q = d == 0 ? levels : std::floor(v / d + levels + 0.5);
    v = static_cast<float>(d * (std::clamp(q, 0.0, 2.0 * levels - 1) - levels));
  }
}

void fromMinimum(Block x, int levels) {
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  const double m = half(*low), d = half((static_cast<double>(*high) - *low) / levels);
  for (float& v : x) {
    const double q = d == 0 ? 0 : std::clamp(std::floor((v - m) / d + 0.5), 0.0, 1.0 * levels);
    v = static_cast<float>(d * q + m);
  }
}

void absoluteMaximum(Block x) {
  const double d = half(largestOf(x) / 127);
  for (float& v : x) v = d == 0 ? 0.0f : static_cast<float>(d * std::round(v / d));
}

/// q4_K and q5_K: 8 sub-blocks of 32 with scale and minimum of 6 bits each.
void scaleAndMinimum(Block x, int levels) {
  std::array<double, 8> scale{}, minimum{};
  double mostScale = 0, mostMinimum = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    const Block part = x.subspan(32 * i, 32);
    const auto [low, high] = std::minmax_element(part.begin(), part.end());
    minimum[i] = std::max(0.0, -static_cast<double>(*low));
    scale[i] = std::max(0.0, (*high + minimum[i]) / levels);
    mostScale = std::max(mostScale, scale[i]);
    mostMinimum = std::max(mostMinimum, minimum[i]);
  }
  const double d = half(mostScale / 63), dm = half(mostMinimum / 63);
  for (std::size_t i = 0; i < 256; ++i) {
    const double s = d == 0 ? 0 : d * std::min(63.0, std::nearbyint(scale[i / 32] / d));
    const double m = dm == 0 ? 0 : dm * std::min(63.0, std::nearbyint(minimum[i / 32] / dm));
    const double q = s == 0 ? 0 : std::clamp(std::nearbyint((x[i] + m) / s), 0.0, 1.0 * levels);
    x[i] = static_cast<float>(s * q - m);
  }
}

/// q6_K: 16 sub-blocks of 16 with signed scales of 8 bits.
void signedScales(Block x) {
  std::array<double, 16> scale{};
  double most = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    scale[i] = signedExtreme(x.subspan(16 * i, 16)) / -32;
    if (std::abs(scale[i]) > std::abs(most)) most = scale[i];
  }
  const double d = half(most / -128);
  for (std::size_t i = 0; i < 256; ++i) {
    const double code = d == 0 ? 0 : std::clamp(std::nearbyint(scale[i / 16] / d), -128.0, 127.0);
    const double s = d * code, q = s == 0 ? 0 : std::clamp(std::nearbyint(x[i] / s), -32.0, 31.0);
    x[i] = static_cast<float>(s * q);
  }
}

/// How blocks are rounded; formats of files that are not here are known by their size.
void (*rounderOf(const std::string& name))(Block) {
  if (name == "nf4") return nf4;
  if (name == "q4_0") return [](Block x) { towardsExtreme(x, 8); };
  if (name == "q5_0") return [](Block x) { towardsExtreme(x, 16); };
  if (name == "q4_1") return [](Block x) { fromMinimum(x, 15); };
  if (name == "q5_1") return [](Block x) { fromMinimum(x, 31); };
  if (name == "q8_0") return absoluteMaximum;
  if (name == "q4_k") return [](Block x) { scaleAndMinimum(x, 15); };
  if (name == "q5_k") return [](Block x) { scaleAndMinimum(x, 31); };
  if (name == "q6_k") return signedScales;
  throw InputError("format '" + name + "' is known by its size only and is not executed",
                   "nf4, q4_0, q4_1, q5_0, q5_1, q8_0, q4_k, q5_k or q6_k");
}

void inBlocks(std::vector<float>& values, std::int64_t rows, std::int64_t columns,
              std::int64_t each, const std::function<void(Block)>& round) {
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; c += each)
      round(Block(values).subspan(static_cast<std::size_t>(r * columns + c),
                                  static_cast<std::size_t>(std::min(each, columns - c))));
}

FloatFormat elementOf(const NumberFormat& f) {
  if (f.bits >= 16) return ieeeFormat(f.exponentBits, f.mantissaBits);
  for (const FloatFormat& known : {fp8e4m3, fp8e5m2, fp6e3m2, fp6e2m3, fp4e2m1})
    if (known.exponentBits == f.exponentBits && known.mantissaBits == f.mantissaBits) return known;
  throw std::logic_error("no floating format " + f.name);
}

}  // namespace

std::vector<float> roundedReals(const NumberFormat& format, std::vector<float> values,
                                std::int64_t rows, std::int64_t columns, bool wholeTensor) {
  if (format.coding == Coding::block) {
    const auto round = rounderOf(format.name);
    if (values.empty()) return values;
    inBlocks(values, format.flat ? 1 : rows, format.flat ? rows * columns : columns, format.group,
             round);
    return values;
  }
  const FloatFormat element = elementOf(format);
  if (values.empty()) return values;
  if (format.coding == Coding::microscaled) {
    inBlocks(values, rows, columns, format.group, [&](Block x) { microscaled(x, element); });
  } else if (format.coding == Coding::twoLevel) {
    const double most = largestOf(values), global = most > 0 ? 448.0 * 6 / most : 1;
    inBlocks(values, rows, columns, format.group, [&](Block x) { nvfp4(x, global); });
  } else if (format.bits >= 16) {
    for (float& v : values) v = static_cast<float>(element.round(v));
  } else {
    const std::int64_t all = wholeTensor ? rows * columns : columns;
    inBlocks(values, wholeTensor ? 1 : rows, all, all, [&](Block x) { scaledFloat(x, element); });
  }
  return values;
}

}  // namespace wattlas
