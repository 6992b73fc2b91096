#include "execution/integer_arithmetic.h"

#include <gtest/gtest.h>

#include <cmath>

#include "models/base/error.h"
#include "models/base/random.h"

namespace wattlas {
namespace {

TEST(IntegerArithmetic, RequantiserIsWithinHalfAStepOfTheRatio) {
  Random random(3);
  for (int i = 0; i < 20000; ++i) {
    const double ratio =
        std::ldexp(0.5 + random.uniform() / 2, -static_cast<int>(random.below(20)));
    const std::int64_t bound = std::int64_t{1} << (8 + random.below(24));
    const Requantiser r = Requantiser::of(ratio, bound);
    const std::int64_t acc = random.between(-bound, bound);
    const double slack = 0.5 + std::ldexp(static_cast<double>(std::abs(acc)), -r.shift - 1);
    ASSERT_LE(std::abs(static_cast<double>(r.apply(acc)) - static_cast<double>(acc) * ratio),
              slack + 1e-6)
        << ratio << " " << acc;
    ASSERT_LT(r.multiplier, std::int64_t{1} << 31);
  }
}

TEST(IntegerArithmetic, HalvesGoUp) {
  const Requantiser r = Requantiser::of(0.25, 1000);
  EXPECT_EQ(r.apply(2), 1);
  EXPECT_EQ(r.apply(-2), 0);
  EXPECT_EQ(r.apply(6), 2);
  EXPECT_EQ(r.apply(-6), -1);
}

TEST(IntegerArithmetic, ProductsOfWideSumsStayWithin62Bits) {
  for (int bits = 2; bits < 60; ++bits) {
    const std::int64_t bound = std::int64_t{1} << bits;
    const double ratio = std::ldexp(1.0, -bits);
    const Requantiser r = Requantiser::of(ratio, bound);
    EXPECT_LE(std::log2(static_cast<double>(r.multiplier)) + bits, 62) << bits;
  }
  EXPECT_THROW(Requantiser::of(1e12, 100), InputError);
}

TEST(IntegerArithmetic, RangesKeepZeroExact) {
  for (const auto& [low, high] : {std::pair{0.0, 3.0}, {-1.0, 2.0}, {-5.0, 0.0}, {1.0, 2.0}}) {
    const Quantiser q = Quantiser::forRange(low, high, 8);
    EXPECT_EQ(q.quantise(0), q.zero);
    EXPECT_EQ(q.value(q.zero), 0.0);
    EXPECT_LE(std::abs(q.value(q.quantise(high)) - high), q.scale);
  }
}

TEST(IntegerArithmetic, RootIsTheLargestWhoseSquareFits) {
  for (std::int64_t n = 0; n < 100000; ++n) {
    const std::int64_t r = integerRoot(n);
    ASSERT_TRUE(r * r <= n && (r + 1) * (r + 1) > n) << n;
  }
  const std::int64_t big = std::int64_t{1} << 62;
  EXPECT_EQ(integerRoot(big), std::int64_t{1} << 31);
  EXPECT_EQ(integerRoot(big - 1), (std::int64_t{1} << 31) - 1);
}

TEST(IntegerArithmetic, TablesAreTheFunctionAtEveryCodeOfEightBits) {
  const Quantiser in = Quantiser::forRange(-4, 4, 8), out = Quantiser::forRange(0, 1, 8);
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  const ValueTable table(sigmoid, in, out);
  for (int q = -128; q < 128; ++q) EXPECT_EQ(table.at(q), out.quantise(sigmoid(in.value(q))));
}

TEST(IntegerArithmetic, TablesOfWiderCodesInterpolate) {
  const Quantiser in = Quantiser::forRange(-6, 6, 16), out = Quantiser::forRange(-1, 1, 16);
  const ValueTable table([](double x) { return std::tanh(x); }, in, out);
  for (int q = -32768; q < 32768; q += 7)
    ASSERT_LT(std::abs(out.value(table.at(q)) - std::tanh(in.value(q))), 3e-4) << q;
}

TEST(IntegerArithmetic, SoftmaxSharesAreThoseOfReals) {
  Random random(5);
  for (const int bits : {4, 8, 12, 16}) {
    const double scale = 8.0 / (1 << bits);
    const SoftmaxTable table(scale, bits);
    for (int round = 0; round < 200; ++round) {
      std::vector<std::int32_t> x(50), p(50);
      double sum = 0;
      for (auto& v : x)
        v = static_cast<int>(random.between(-(1 << (bits - 1)), (1 << (bits - 1)) - 1));
      for (const auto v : x) sum += std::exp(scale * v);
      table.apply(x.data(), 50, 16, p.data());
      for (std::size_t i = 0; i < x.size(); ++i)
        ASSERT_NEAR(p[i] / 65536.0, std::exp(scale * x[i]) / sum, 5e-5);
    }
  }
}

TEST(IntegerArithmetic, NormsAreThoseOfReals) {
  Random random(9);
  for (const int bits : {6, 8, 12, 16})
    for (const bool centre : {true, false}) {
      const std::int64_t n = 300, top = std::int64_t{1} << (bits - 1);
      std::vector<std::int32_t> u(n);
      for (auto& v : u) v = static_cast<std::int32_t>(random.between(-top, top / 2));
      std::vector<std::int64_t> y(n);
      normalise(u.data(), n, bits, centre, 1, y.data());
      double mean = 0, variance = 0;
      for (const auto v : u) mean += v;
      mean = centre ? mean / n : 0;
      for (const auto v : u) variance += (v - mean) * (v - mean) / n;
      for (std::int64_t i = 0; i < n; ++i)
        ASSERT_NEAR(static_cast<double>(y[i]) / 16384.0, (u[i] - mean) / std::sqrt(variance), 2e-3)
            << bits;
    }
}

TEST(IntegerArithmetic, ConstantRowsNormaliseToZero) {
  std::vector<std::int32_t> u(64, 100);
  std::vector<std::int64_t> y(64);
  normalise(u.data(), 64, 8, true, 1, y.data());
  for (const auto v : y) EXPECT_EQ(v, 0);
}

}  // namespace
}  // namespace wattlas
