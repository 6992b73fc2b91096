// Each format against a second formulation: the grid of all its values, searched.
#include "execution/weight_format.h"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <bit>
#include <cmath>

#include "models/base/error.h"
#include "models/base/random.h"

namespace wattlas {
namespace {

constexpr std::int64_t weightRows = 100, columns = 1024;

/// 102,400 values of many sizes, exact zeros and ties among them.
std::vector<float> sample(std::uint64_t seed = 7) {
  Random random(seed);
  std::vector<float> out;
  for (std::int64_t i = 0; i < weightRows * columns; ++i) {
    const double u = 2 * random.uniform() - 1;
    const double v = i % 97 == 0   ? 0
                     : i % 31 == 0 ? std::ldexp(std::round(u * 8), -5)
                                   : u * std::ldexp(1.0, static_cast<int>(random.below(9)) - 6);
    out.push_back(static_cast<float>(v));
  }
  return out;
}

/// All values of a minifloat, by bit pattern.
std::vector<double> grid(int exponentBits, int mantissaBits, double largest) {
  std::vector<double> values;
  const int bias = (1 << (exponentBits - 1)) - 1;
  for (int code = 0; code < 1 << (exponentBits + mantissaBits); ++code) {
    const int e = code >> mantissaBits, m = code & ((1 << mantissaBits) - 1);
    const double fraction = std::ldexp(m, -mantissaBits);
    const double v = e == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1 + fraction, e - bias);
    if (v <= largest) values.push_back(v);
  }
  return values;  // ascending, even codes at even places
}

double nearestOf(const std::vector<double>& values, double x) {
  const double size = std::abs(x);
  const auto above = std::lower_bound(values.begin(), values.end(), size);
  if (above == values.end()) return std::copysign(values.back(), x);
  if (above == values.begin()) return std::copysign(values.front(), x);
  const double high = *above, low = *(above - 1);
  const bool even = (above - values.begin()) % 2 == 0;
  const double pick = size - low < high - size   ? low
                      : size - low > high - size ? high
                      : even                     ? high
                                                 : low;
  return std::copysign(pick, x);
}

double absmax(const float* x, std::int64_t n) {
  double most = 0;
  for (std::int64_t i = 0; i < n; ++i) most = std::max<double>(most, std::abs(x[i]));
  return most;
}

void expectEqual(const std::vector<float>& got, const std::vector<float>& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < got.size(); ++i)
    if (got[i] != wanted[i] && ++wrong < 4)
      ADD_FAILURE() << "value " << i << ": " << got[i] << " instead of " << wanted[i];
  EXPECT_EQ(wrong, 0u);
}

std::vector<float> roundTrip(const std::string& name, const std::vector<float>& x) {
  return dequantise(quantiseWeights(parseNumberFormat(name), x, weightRows, columns));
}

TEST(WeightFormat, IntegersAreTheNearestMultiplesOfTheirScale) {
  const auto x = sample();
  for (int bits = 2; bits <= 16; ++bits) {
    std::vector<float> wanted(x.size());
    for (std::int64_t r = 0; r < weightRows; ++r) {
      const double levels = (1 << (bits - 1)) - 1, s = absmax(&x[r * columns], columns) / levels;
      for (std::int64_t c = 0; c < columns; ++c) {
        // remainder() is exact and takes ties to the even multiple.
        const double v = x[r * columns + c], q = (v - std::remainder(v, s)) / s;
        wanted[r * columns + c] =
            static_cast<float>(s * std::clamp(std::round(q), -levels, levels));
      }
    }
    SCOPED_TRACE(bits);
    expectEqual(roundTrip("int" + std::to_string(bits), x), wanted);
  }
}

TEST(WeightFormat, GroupsHaveScalesOfTheirOwn) {
  const auto x = sample();
  const TensorFormats format = parseTensorFormats("W4G128A8");
  const QuantisedMatrix m = quantiseWeights(format.weight, x, weightRows, columns);
  EXPECT_EQ(m.groups(), 8);
  for (std::int64_t g = 0; g < weightRows * 8; ++g)
    EXPECT_EQ(m.scales[g], absmax(&x[g * 128], 128) / 7);
  EXPECT_DOUBLE_EQ(m.storedBits() / (weightRows * columns), 4 + 16.0 / 128);
  // Beside floats groups have zero points, as in files of GPTQ and AWQ.
  EXPECT_DOUBLE_EQ(denseBits(parseTensorFormats("w4g128a16").weight, 1, 1024) / 1024, 4.15625);
}

TEST(WeightFormat, AffineCoversTheRangeWithZeroInIt) {
  auto x = sample();
  for (float& v : x) v += 0.5f;
  NumberFormat format = parseNumberFormat("int4");
  format.affine = true;
  const QuantisedMatrix m = quantiseWeights(format, x, weightRows, columns);
  for (std::int64_t r = 0; r < weightRows; ++r) {
    double low = 0, high = 0;
    for (std::int64_t c = 0; c < columns; ++c) {
      low = std::min<double>(low, x[r * columns + c]);
      high = std::max<double>(high, x[r * columns + c]);
    }
    ASSERT_EQ(m.scales[r], (high - low) / 15);
    for (std::int64_t c = 0; c < columns; ++c) {
      const int z = static_cast<int>(std::lrint(-low / m.scales[r]));
      ASSERT_GE(m.values[r * columns + c], -z);
      ASSERT_LE(m.values[r * columns + c], 15 - z);
    }
  }
}

TEST(WeightFormat, MinifloatsAreTheNearestOfAllCodes) {
  const auto x = sample();
  const struct {
    const char* name;
    int e, m;
    double largest;
  } formats[] = {{"fp8-e4m3", 4, 3, 448},
                 {"fp8-e5m2", 5, 2, 57344},
                 {"fp6-e3m2", 3, 2, 28},
                 {"fp6-e2m3", 2, 3, 7.5},
                 {"fp4-e2m1", 2, 1, 6}};
  for (const auto& f : formats) {
    const auto values = grid(f.e, f.m, f.largest);
    std::vector<float> wanted(x.size());
    for (std::int64_t r = 0; r < weightRows; ++r) {
      const double s = absmax(&x[r * columns], columns) / f.largest;
      for (std::int64_t c = 0; c < columns; ++c)
        wanted[r * columns + c] = static_cast<float>(nearestOf(values, x[r * columns + c] / s) * s);
    }
    SCOPED_TRACE(f.name);
    expectEqual(roundTrip(f.name, x), wanted);
  }
}

TEST(WeightFormat, MicroscaledBlocksShareAPowerOfTwo) {
  const auto x = sample();
  const struct {
    const char* name;
    int e, m, emax;
    double largest;
  } formats[] = {{"mxfp8", 4, 3, 8, 448},
                 {"mxfp8-e5m2", 5, 2, 15, 57344},
                 {"mxfp6", 3, 2, 4, 28},
                 {"mxfp6-e2m3", 2, 3, 2, 7.5},
                 {"mxfp4", 2, 1, 2, 6}};
  for (const auto& f : formats) {
    const auto values = grid(f.e, f.m, f.largest);
    std::vector<float> wanted(x.size());
    for (std::int64_t b = 0; b < weightRows * columns; b += 32) {
      const double most = absmax(&x[b], 32);
      const double s = most == 0 ? 1 : std::exp2(std::floor(std::log2(most)) - f.emax);
      for (std::int64_t i = b; i < b + 32; ++i)
        wanted[i] = static_cast<float>(nearestOf(values, x[i] / s) * s);
    }
    SCOPED_TRACE(f.name);
    expectEqual(roundTrip(f.name, x), wanted);
  }
}

TEST(WeightFormat, MicroscaledMaximumSaturates) {
  std::vector<float> x(32, 0.0f);
  x[3] = 7.9f;
  EXPECT_EQ(dequantise(quantiseWeights(parseNumberFormat("mxfp4"), x, 1, 32))[3], 6.0f);
}

TEST(WeightFormat, Nvfp4HasTwoLevelsOfScales) {
  const auto x = sample();
  const auto elements = grid(2, 1, 6), scales = grid(4, 3, 448);
  const double global = 448.0 * 6 / absmax(x.data(), weightRows * columns);
  std::vector<float> wanted(x.size());
  for (std::int64_t b = 0; b < weightRows * columns; b += 16) {
    const double s = nearestOf(scales, global * absmax(&x[b], 16) / 6);
    for (std::int64_t i = b; i < b + 16; ++i)
      wanted[i] =
          s == 0 ? 0.0f : static_cast<float>(nearestOf(elements, x[i] * global / s) * s / global);
  }
  expectEqual(roundTrip("nvfp4", x), wanted);
}

TEST(WeightFormat, SixteenBitFloatsAreThoseOfEigen) {
  const auto x = sample();
  std::vector<float> half, brain, tf32;
  for (const float v : x) {
    half.push_back(static_cast<float>(Eigen::half(v)));
    brain.push_back(static_cast<float>(Eigen::bfloat16(v)));
    std::uint32_t bits = std::bit_cast<std::uint32_t>(v);
    bits += 0xfff + ((bits >> 13) & 1);  // nearest even of 10 mantissa bits
    tf32.push_back(std::bit_cast<float>(bits & ~0x1fffu));
  }
  expectEqual(roundTrip("fp16", x), half);
  expectEqual(roundTrip("bf16", x), brain);
  expectEqual(roundTrip("tf32", x), tf32);
  expectEqual(roundTrip("fp32", x), x);
}

TEST(WeightFormat, NormalFloatTakesTheNearestQuantile) {
  const std::vector<double> codes = {
      -1,        -.69619280, -.52507305, -.39491749, -.28444138, -.18477343, -.09105004, 0,
      .07958030, .16093020,  .24611230,  .33791524,  .44070983,  .56261700,  .72295684,  1};
  const auto x = sample();
  std::vector<float> wanted(x.size());
  for (std::int64_t b = 0; b < weightRows * columns; b += 64) {
    const double most = absmax(&x[b], 64);
    for (std::int64_t i = b; i < b + 64; ++i) {
      double best = 0, least = 1e9;
      for (const double code : codes)
        if (std::abs(x[i] / most - code) < least) least = std::abs(x[i] / most - code), best = code;
      wanted[i] = static_cast<float>(best * most);
    }
  }
  expectEqual(roundTrip("nf4", x), wanted);
}

TEST(WeightFormat, PowersOfTwoAreTheNearest) {
  const auto x = sample();
  for (int bits = 2; bits <= 5; ++bits) {
    const int top = (1 << (bits - 1)) - 2;
    std::vector<double> values = {0};
    for (int e = 0; e <= top; ++e) values.push_back(std::ldexp(1.0, e));
    std::vector<float> wanted(x.size());
    for (std::int64_t r = 0; r < weightRows; ++r) {
      const double s = absmax(&x[r * columns], columns) / std::ldexp(1.0, top);
      for (std::int64_t c = 0; c < columns; ++c) {
        const double v = std::abs(x[r * columns + c] / s);
        double best = 0;
        for (const double candidate : values)
          if (std::abs(v - candidate) < std::abs(v - best)) best = candidate;
        wanted[r * columns + c] = static_cast<float>(s * std::copysign(best, x[r * columns + c]));
      }
    }
    SCOPED_TRACE(bits);
    expectEqual(roundTrip("pow2-" + std::to_string(bits), x), wanted);
  }
}

TEST(WeightFormat, HotSumsHaveAtMostTheirTerms) {
  const auto x = sample();
  const QuantisedMatrix m = quantiseWeights(parseNumberFormat("khot2-8"), x, weightRows, columns);
  for (const std::int32_t w : m.values) {
    int terms = 0;
    for (std::int32_t left = std::abs(w); left != 0; ++terms) {
      const int low = std::countr_zero(static_cast<unsigned>(left));
      left -= ((left >> low) & 3) == 3 ? -(1 << low) : 1 << low;
    }
    ASSERT_LE(terms, 2) << w;
  }
  // Enough terms are the integer itself.
  const QuantisedMatrix four =
      quantiseWeights(parseNumberFormat("khot4-8"), x, weightRows, columns);
  for (std::size_t i = 0; i < x.size(); ++i)
    ASSERT_LE(std::abs(x[i] / four.scales[i / columns] - four.values[i]), 0.5 + 1e-9);
}

TEST(WeightFormat, TernaryAndBinaryFollowTheirMeans) {
  const auto x = sample();
  const QuantisedMatrix t = quantiseWeights(parseNumberFormat("ternary"), x, weightRows, columns);
  const QuantisedMatrix b = quantiseWeights(parseNumberFormat("binary"), x, weightRows, columns);
  for (std::int64_t r = 0; r < weightRows; ++r) {
    double mean = 0, kept = 0, count = 0;
    for (std::int64_t c = 0; c < columns; ++c)
      mean += std::abs(static_cast<double>(x[r * columns + c]));
    mean /= columns;
    for (std::int64_t c = 0; c < columns; ++c) {
      const double v = x[r * columns + c];
      const int wanted = std::abs(v) > 0.7 * mean ? (v > 0 ? 1 : -1) : 0;
      ASSERT_EQ(t.values[r * columns + c], wanted);
      ASSERT_EQ(b.values[r * columns + c], v >= 0 ? 1 : -1);
      if (wanted != 0) kept += std::abs(v), ++count;
    }
    ASSERT_DOUBLE_EQ(t.scales[r], kept / count);
    ASSERT_DOUBLE_EQ(b.scales[r], mean);
  }
}

TEST(WeightFormat, FixedPointTruncatesAndWraps) {
  const auto x = sample();
  const TensorFormats format = parseTensorFormats("fixed<10,4>");
  const QuantisedMatrix m = quantiseWeights(format.weight, x, weightRows, columns);
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::int64_t v = static_cast<std::int64_t>(std::floor(x[i] * 64.0)) & 1023;
    if (v > 511) v -= 1024;
    ASSERT_EQ(m.values[i], v) << x[i];
  }
  const QuantisedMatrix wrapped = quantiseWeights(format.weight, {8.0f, -1.25f}, 1, 2);
  EXPECT_EQ(wrapped.values, (std::vector<std::int32_t>{-512, -80}));
}

/// What GGUF blocks hold: bytes and limits of the error.
TEST(WeightFormat, GgufBlocksHaveTheirSizesAndSteps) {
  const auto x = sample();
  const struct {
    const char* name;
    double bits;
    int block;
    double steps;  ///< codes of one block's range
  } formats[] = {{"q4_k", 4.5, 32, 15},  {"q5_k", 5.5, 32, 31}, {"q6_k", 6.5625, 16, 32},
                 {"q8_0", 8.5, 32, 127}, {"q5_0", 5.5, 32, 16}, {"q4_0", 4.5, 32, 8}};
  for (const auto& f : formats) {
    const auto y = roundTrip(f.name, x);
    EXPECT_EQ(denseBits(parseNumberFormat(f.name), weightRows, columns) / (weightRows * columns),
              f.bits);
    double error = 0, power = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      error += (x[i] - y[i]) * (x[i] - y[i]);
      power += x[i] * x[i];
    }
    EXPECT_LT(error / power, 4 / (f.steps * f.steps)) << f.name;
    EXPECT_EQ(roundTrip(f.name, x), y);
  }
}

TEST(WeightFormat, RowsThatNoBlockDividesFallBack) {
  const std::vector<float> x(2 * 72, 0.3f);
  EXPECT_EQ(quantiseWeights(parseNumberFormat("q4_k"), x, 2, 72).format.name, "fp16");
  const std::vector<float> y(2 * 96, 0.3f);
  EXPECT_EQ(quantiseWeights(parseNumberFormat("q4_k"), y, 2, 96).format.name, "q5_0");
}

TEST(WeightFormat, LeastErrorIsNeverWorse) {
  const auto x = sample();
  for (const char* name : {"int2", "int3", "int4", "pow2-4", "khot2-8"}) {
    const auto error = [&](RangeRule rule) {
      const auto y =
          dequantise(quantiseWeights(parseNumberFormat(name), x, weightRows, columns, {rule}));
      double sum = 0;
      for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - y[i]) * (x[i] - y[i]);
      return sum;
    };
    EXPECT_LE(error(RangeRule::leastError), error(RangeRule::minMax)) << name;
  }
}

TEST(WeightFormat, UnknownNamesAreRefusedWithTheNearest) {
  for (const char* name : {"int17", "int1", "w4", "w4a", "w0a8", "w4g0a8", "pow2-9", "q7_k",
                           "w4a8x", "fixed<40,3>", "", "w4a8acc99"})
    EXPECT_THROW(parseTensorFormats(name), InputError) << name;
}

TEST(WeightFormat, WhatNoEngineRunsIsRefused) {
  for (const char* name :
       {"w17a8", "iq2_xs", "tq1_0", "nf4-dq", "w16a8", "fixed<20,8>", "w8a8acc4"})
    EXPECT_THROW(checkExecutable(parseTensorFormats(name)), InputError) << name;
  for (const NumberFormat& f : namedFormats())
    if (f.coding != Coding::block) {
      EXPECT_NO_THROW(checkExecutable(parseTensorFormats(f.name))) << f.name;
    }
}

}  // namespace
}  // namespace wattlas
