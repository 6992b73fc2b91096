#include "execution/integer_product.h"

#include <gtest/gtest.h>

#include "models/base/random.h"

namespace wattlas {
namespace {

struct Case {
  std::int64_t rows, outputs, inputs;
  std::vector<std::int32_t> w;
  std::vector<Code> a;
};

Case make(std::int64_t rows, std::int64_t outputs, std::int64_t inputs, int weightTop, int codeTop,
          std::uint64_t seed = 1) {
  Random random(seed);
  Case c{rows, outputs, inputs, {}, {}};
  for (std::int64_t i = 0; i < outputs * inputs; ++i)
    c.w.push_back(static_cast<std::int32_t>(random.between(-weightTop, weightTop)));
  for (std::int64_t i = 0; i < rows * inputs; ++i)
    c.a.push_back(static_cast<Code>(random.between(-codeTop - 1, codeTop)));
  return c;
}

std::vector<std::int64_t> plain(const Case& c) {
  std::vector<std::int64_t> out;
  for (std::int64_t r = 0; r < c.rows; ++r)
    for (std::int64_t o = 0; o < c.outputs; ++o) {
      std::int64_t sum = 0;
      for (std::int64_t k = 0; k < c.inputs; ++k)
        sum += static_cast<std::int64_t>(c.a[r * c.inputs + k]) * c.w[o * c.inputs + k];
      out.push_back(sum);
    }
  return out;
}

std::vector<std::int64_t> run(const Case& c, const ProductOptions& options) {
  const IntegerMatrix m(c.w.data(), c.outputs, c.inputs, c.inputs, options);
  std::vector<std::int64_t> out(c.rows * c.outputs);
  m.multiply(c.a.data(), c.rows, c.inputs, out.data());
  return out;
}

TEST(IntegerProduct, EveryShapeEqualsThePlainSum) {
  for (std::int64_t rows : {1, 3, 4, 9})
    for (std::int64_t outputs : {1, 7, 8, 17})
      for (std::int64_t inputs : {1, 2, 9, 64, 65}) {
        const Case c = make(rows, outputs, inputs, 127, 127);
        EXPECT_EQ(run(c, {}), plain(c)) << rows << " " << outputs << " " << inputs;
        EXPECT_EQ(run(c, {.kernel = ProductKernel::wide}), plain(c));
      }
}

TEST(IntegerProduct, SumsBeyondTheMantissaOfFloatsAreExact) {
  Case c = make(2, 3, 4001, 127, 127);
  for (auto& w : c.w) w = 127;
  for (auto& a : c.a) a = 127;
  const auto sums = run(c, {});
  EXPECT_EQ(sums, plain(c));
  EXPECT_EQ(sums.front(), 64532129);
  EXPECT_GT(sums.front(), 1 << 24);
  EXPECT_NE(static_cast<std::int64_t>(static_cast<float>(sums.front())), sums.front());
}

TEST(IntegerProduct, SixteenBitOperandsNeedWideSums) {
  Case c = make(2, 2, 1000, 32767, 32767);
  for (auto& w : c.w) w = 32767;
  for (auto& a : c.a) a = -32768;
  EXPECT_EQ(run(c, {.kernel = ProductKernel::wide}), plain(c));
  EXPECT_LT(plain(c).front(), -(std::int64_t{1} << 31));
}

TEST(IntegerProduct, NarrowSumsWrap) {
  Case c = make(1, 1, 3, 1, 1);
  c.w = {32767, 32767, 32767};
  c.a = {32767, 32767, 32767};
  const std::int64_t exact = plain(c).front();
  EXPECT_EQ(run(c, {}).front(), static_cast<std::int32_t>(static_cast<std::uint32_t>(exact)));
}

TEST(IntegerProduct, TernaryNeedsNoMultiplication) {
  const Case c = make(300, 13, 77, 1, 127);
  const ProductOptions options{.kernel = ProductKernel::ternary};
  EXPECT_EQ(run(c, options), plain(c));
  const IntegerMatrix m(c.w.data(), c.outputs, c.inputs, c.inputs, options);
  EXPECT_EQ(m.work().multiplications, 0);
  EXPECT_EQ(m.work().shifts, 0);
  EXPECT_LT(m.work().additions, 13 * 77);
}

TEST(IntegerProduct, PowersOfTwoAreShiftedAndAdded) {
  Case c = make(5, 9, 50, 6, 127);
  for (auto& w : c.w) w = w == 0 ? 0 : w > 0 ? 1 << (w - 1) : -(1 << (-w - 1));
  const ProductOptions options{.kernel = ProductKernel::shifts};
  EXPECT_EQ(run(c, options), plain(c));
  const IntegerMatrix m(c.w.data(), c.outputs, c.inputs, c.inputs, options);
  EXPECT_EQ(m.work().multiplications, 0);
  EXPECT_LE(m.work().additions, 9 * 50);
}

TEST(IntegerProduct, AnyWeightIsASumOfSignedPowers) {
  const Case c = make(4, 11, 33, 127, 127);
  EXPECT_EQ(run(c, {.kernel = ProductKernel::shifts}), plain(c));
}

TEST(IntegerProduct, BitsAreComparedAndCounted) {
  Case c = make(6, 10, 131, 1, 1);
  for (auto& w : c.w) w = w > 0 ? 1 : -1;
  for (auto& a : c.a) a = a > 0 ? 1 : -1;
  c.a[3] = c.a[140] = 0;  // padding
  EXPECT_EQ(run(c, {.kernel = ProductKernel::xnor}), plain(c));
}

TEST(IntegerProduct, DigitsGiveTheWholeProduct) {
  for (const auto& [bw, ba] : {std::pair{8, 8}, {4, 8}, {6, 5}, {3, 7}})
    for (const auto& [sw, sa] : {std::pair{4, 4}, {1, 1}, {2, 3}, {8, 8}}) {
      const Case c = make(3, 5, 41, (1 << (bw - 1)) - 1, (1 << (ba - 1)) - 1);
      ProductOptions options{.kernel = ProductKernel::sliced};
      options.weightBits = bw, options.activationBits = ba;
      options.weightDigit = sw, options.activationDigit = sa;
      EXPECT_EQ(run(c, options), plain(c)) << bw << " " << ba << " " << sw << " " << sa;
      const IntegerMatrix m(c.w.data(), 5, 41, 41, options);
      EXPECT_EQ(m.work().multiplications, 5 * 41 * ((bw + sw - 1) / sw) * ((ba + sa - 1) / sa));
    }
}

TEST(IntegerProduct, FixedPointProductsLoseTheirLowBits) {
  Case c = make(1, 1, 2, 1, 1);
  c.w = {3, -3};
  c.a = {5, 5};
  EXPECT_EQ(run(c, {.kernel = ProductKernel::fixed, .fractionBits = 2}).front(), 3 - 4);
}

}  // namespace
}  // namespace wattlas
