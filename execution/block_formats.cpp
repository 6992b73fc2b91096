#include "execution/block_formats.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <span>

#include "models/base/error.h"

namespace wattlas {
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

struct BlockLayout {
  WeightCode code;
  const char* name;
  std::int64_t values, bytes;
  WeightCode fallback;
  void (*round)(Block);
};

const std::array<BlockLayout, 8> layouts = {{
    {WeightCode::nf4, "nf4", 64, 36, WeightCode::nf4, nf4},
    {WeightCode::q4_0, "q4_0", 32, 18, WeightCode::floating, [](Block x) { towardsExtreme(x, 8); }},
    {WeightCode::q5_0, "q5_0", 32, 22, WeightCode::floating,
     [](Block x) { towardsExtreme(x, 16); }},
    {WeightCode::q5_1, "q5_1", 32, 24, WeightCode::floating, [](Block x) { fromMinimum(x, 31); }},
    {WeightCode::q8_0, "q8_0", 32, 34, WeightCode::floating, absoluteMaximum},
    {WeightCode::q4_K, "q4_k", 256, 144, WeightCode::q5_0, [](Block x) { scaleAndMinimum(x, 15); }},
    {WeightCode::q5_K, "q5_k", 256, 176, WeightCode::q5_1, [](Block x) { scaleAndMinimum(x, 31); }},
    {WeightCode::q6_K, "q6_k", 256, 210, WeightCode::q8_0, signedScales},
}};

const BlockLayout* layoutOf(WeightCode code) {
  for (const BlockLayout& layout : layouts)
    if (layout.code == code) return &layout;
  return nullptr;
}

void inBlocks(std::vector<float>& values, std::int64_t rows, std::int64_t columns,
              std::int64_t each, const std::function<void(Block)>& round) {
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; c += each)
      round(Block(values).subspan(static_cast<std::size_t>(r * columns + c),
                                  static_cast<std::size_t>(std::min(each, columns - c))));
}

}  // namespace

double blockBits(WeightCode code, std::int64_t values) {
  const BlockLayout* const layout = layoutOf(code);
  if (layout == nullptr) throw std::logic_error("a format without blocks");
  const std::int64_t blocks = (values + layout->values - 1) / layout->values;
  return 8.0 * static_cast<double>(blocks) * static_cast<double>(layout->bytes);
}

std::vector<float> roundedReals(WeightFormat& format, const std::vector<float>& weights,
                                std::int64_t rows, std::int64_t columns) {
  std::vector<float> out = weights;
  while (const BlockLayout* layout = layoutOf(format.code)) {
    // nf4 counts on through the rows; GGUF rows are whole blocks.
    if (format.code == WeightCode::nf4 || columns % layout->values == 0) break;
    const BlockLayout* const next = layoutOf(layout->fallback);
    format = parseWeightFormat(next != nullptr ? next->name : "fp16");
  }
  switch (format.code) {
    case WeightCode::floating:
      for (float& v : out) v = static_cast<float>(format.element.round(v));
      return out;
    case WeightCode::scaledFloat: {
      const bool whole = format.granularity == Granularity::tensor;
      inBlocks(out, whole ? 1 : rows, whole ? rows * columns : columns,
               whole ? rows * columns : format.groupSize(columns),
               [&](Block x) { scaledFloat(x, format.element); });
      return out;
    }
    case WeightCode::microscaled:
      inBlocks(out, rows, columns, 32, [&](Block x) { microscaled(x, format.element); });
      return out;
    case WeightCode::nvfp4: {
      const double most = largestOf(out);
      const double global = most > 0 ? 448.0 * 6 / most : 1;
      inBlocks(out, rows, columns, 16, [&](Block x) { nvfp4(x, global); });
      return out;
    }
    default:
      break;
  }
  const BlockLayout& layout = *layoutOf(format.code);
  const bool flat = format.code == WeightCode::nf4;
  inBlocks(out, flat ? 1 : rows, flat ? rows * columns : columns, layout.values, layout.round);
  return out;
}

}  // namespace wattlas
