// Do the resource models give the generators' own numbers, and move the right way?
#include "fpga/resources.h"

#include <gtest/gtest.h>

namespace wattlas::fpga {
namespace {

Parameters coefficients() {
  Parameters p;
  p.dsp = {1000, Ratio(1)};
  p.bram36 = {1000, Ratio(1)};
  p.lutScale.value = Ratio(1.1);
  p.ffPerLut.value = Ratio(1.4);
  p.lutFromHls.value = Ratio(0.6);
  return p;
}

Layer matrix(std::int64_t in, std::int64_t out, int weights, int inputs) {
  Layer layer;
  layer.cin = in;
  layer.cout = out;
  layer.weightBits = weights;
  layer.inputBits = layer.outputBits = inputs;
  return layer;
}

TEST(Resources, FinnGoldenMatrixUnitHas317Luts) {
  EXPECT_EQ(productUnit(matrix(4, 4, 2, 2), {}, Style::finn, coefficients()).lut, 317);
}

TEST(Resources, AccumulatorsHoldTheLargestSum) {
  EXPECT_EQ(accumulatorBits(4, 2, 2), 6);
  EXPECT_EQ(accumulatorBits(1, 8, 8), 16);
  EXPECT_EQ(accumulatorBits(std::int64_t{1} << 40, 8, 8), 32);
}

TEST(Resources, BlockRamsComeInTheirAspectRatios) {
  EXPECT_EQ(bram18For(1, 16384), 1);
  EXPECT_EQ(bram18For(1, 16385), 2);
  EXPECT_EQ(bram18For(8, 2048), 1);
  EXPECT_EQ(bram18For(36, 512), 1);
  EXPECT_EQ(bram18For(36, 513), 2);
  EXPECT_EQ(bram18For(72, 512), 2);
  EXPECT_EQ(bram18For(0, 512), 0);
}

TEST(Resources, ReuseSharesMultipliersExactly) {
  const Layer layer = matrix(64, 32, 8, 16);
  for (const std::int64_t reuse : {1, 2, 64, 128, 2048})
    EXPECT_EQ(productUnit(layer, {1, 1, reuse}, Style::hls4ml, coefficients()).dsp,
              64 * 32 / reuse);
}

TEST(Resources, NarrowProductsUseLutsAndWideOnesDspBlocks) {
  const Folding f{4, 4, 1};
  EXPECT_EQ(productUnit(matrix(16, 16, 4, 4), f, Style::finn, coefficients()).dsp, 0);
  EXPECT_EQ(productUnit(matrix(16, 16, 8, 8), f, Style::finn, coefficients()).dsp, 16);
  Parameters lower = coefficients();
  lower.dspThreshold = 4;
  EXPECT_EQ(productUnit(matrix(16, 16, 4, 4), f, Style::finn, lower).dsp, 16);
  lower.dspPacking = true;
  EXPECT_EQ(productUnit(matrix(16, 16, 4, 4), f, Style::finn, lower).dsp, 4) << "four in one";
  EXPECT_EQ(productUnit(matrix(16, 16, 8, 8), f, Style::finn, lower).dsp, 8) << "two in one";
}

TEST(Resources, FewerBitsNeverCostMoreLuts) {
  std::int64_t before = 0;
  Parameters p = coefficients();
  p.dspThreshold = 64;
  for (int bits = 1; bits <= 16; ++bits) {
    Layer layer = matrix(64, 64, bits, 8);
    layer.binaryProducts = false;
    const std::int64_t lut = productUnit(layer, {8, 8, 1}, Style::finn, p).lut;
    EXPECT_GE(lut, before) << bits;
    before = lut;
  }
}

TEST(Resources, TernaryProductsOnlySelectAndNegate) {
  Layer two = matrix(64, 64, 2, 8), ternary = two;
  ternary.ternaryWeights = true;
  EXPECT_LT(productUnit(ternary, {8, 8, 1}, Style::finn, coefficients()).lut,
            productUnit(two, {8, 8, 1}, Style::finn, coefficients()).lut);
}

TEST(Resources, DeepWeightsMoveFromLutsToBlockRams) {
  EXPECT_EQ(productUnit(matrix(16, 8, 4, 4), {}, Style::finn, coefficients()).bram18, 0);
  EXPECT_EQ(productUnit(matrix(16, 9, 4, 4), {}, Style::finn, coefficients()).bram18, 1);
}

TEST(Resources, UltraRamIsTakenWhereItIsTheSmallerShare) {
  Parameters p = coefficients();
  p.uram.total = 1000;
  EXPECT_GT(blockMemory(72, 4096, p).uram, 0);
  EXPECT_EQ(blockMemory(8, 256, p).uram, 0);
}

TEST(Resources, DeepStreamsUseBlockRams) {
  EXPECT_EQ(fifo(32, 8).bram18, 0);
  EXPECT_EQ(fifo(32, 8).lut, 2 * 5 + 4) << "addresses and one LUT for two bits and 32 words";
  EXPECT_EQ(fifo(1024, 8).bram18, 1);
}

}  // namespace
}  // namespace wattlas::fpga
