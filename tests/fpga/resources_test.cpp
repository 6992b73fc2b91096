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
  for (const std::int64_t reuse : {2, 64, 128, 2048})
    EXPECT_EQ(productUnit(layer, {1, 1, reuse}, Style::hls4ml, coefficients()).dsp,
              64 * 32 / reuse);
}

TEST(Resources, NarrowProductsUseLutsAndWideOnesDspBlocks) {
  const Folding f{4, 4, 1};
  EXPECT_EQ(productUnit(matrix(16, 16, 4, 4), f, Style::finn, coefficients()).dsp, 0);
  EXPECT_EQ(productUnit(matrix(16, 16, 8, 8), f, Style::finn, coefficients()).dsp, 16);
  Parameters lower = coefficients();
  lower.dspThreshold = 4;
  lower.dspProduct = 8;
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

TEST(Resources, BinaryWeightsAreNoDearerThanTernaryOnes) {
  Layer binary = matrix(64, 64, 1, 8), ternary = matrix(64, 64, 2, 8);
  ternary.ternaryWeights = true;
  EXPECT_LE(productUnit(binary, {8, 8, 1}, Style::finn, coefficients()).lut,
            productUnit(ternary, {8, 8, 1}, Style::finn, coefficients()).lut);
}

TEST(Resources, SharedSixBitWeightsMultiplyInDspBlocksAndFourBitOnesDoNot) {
  const Folding f{1, 1, 128};
  EXPECT_EQ(productUnit(matrix(64, 32, 6, 16), f, Style::hls4ml, coefficients()).dsp,
            64 * 32 / 128);
  EXPECT_EQ(productUnit(matrix(64, 32, 4, 16), f, Style::hls4ml, coefficients()).dsp, 0);
}

TEST(Resources, ConstantsOfManySignedPowersOfTwoTakeDspBlocks) {
  // 8-bit integers of the whole range: 48 of 256 have four such powers, such as 85.
  EXPECT_NEAR(evenWeights(8).wide, 48.0 / 256, 1e-12);
  EXPECT_EQ(evenWeights(4).wide, 0);
  EXPECT_NEAR(evenWeights(2).nonZero, 0.75, 1e-12);
  Parameters p = coefficients();
  p.dsp.total = 100000;
  const Layer layer = matrix(32, 32, 8, 16);
  EXPECT_EQ(productUnit(layer, {1, 1, 1}, Style::hls4ml, p).dsp, 1024 * 48 / 256);
  Folding luts{1, 1, 1, Products::lut};
  EXPECT_EQ(productUnit(layer, luts, Style::hls4ml, p).dsp, 0);
  EXPECT_GT(productUnit(layer, luts, Style::hls4ml, p).lut,
            productUnit(layer, {1, 1, 1}, Style::hls4ml, p).lut);
}

TEST(Resources, PrunedWeightsCostNothingWhenUnrolled) {
  Layer dense = matrix(64, 64, 6, 8), pruned = dense;
  pruned.density = 0.25;
  const auto lut = [](const Layer& l, Folding f) {
    return productUnit(l, f, Style::hls4ml, coefficients()).lut;
  };
  EXPECT_LT(lut(pruned, {1, 1, 1}), lut(dense, {1, 1, 1}) / 3);
  EXPECT_EQ(lut(pruned, {1, 1, 64}), lut(dense, {1, 1, 64})) << "memories hold zeros too";
}

TEST(Resources, DistributedArithmeticNeedsNoMultipliersAndFewerAdditions) {
  const Layer layer = matrix(32, 32, 8, 8);
  Folding da{1, 1, 1}, luts{1, 1, 1, Products::lut};
  da.strategy = Strategy::distributed;
  const Resources shared = productUnit(layer, da, Style::hls4ml, coefficients());
  EXPECT_EQ(shared.dsp, 0);
  EXPECT_LT(shared.lut, productUnit(layer, luts, Style::hls4ml, coefficients()).lut);
}

TEST(Resources, UltraRamAndBlockRamShareADeepMemory) {
  Parameters p = coefficients();
  p.uram.total = 1000;
  p.bram36.total = 1000;
  const Resources r = blockMemory(72, 4096 + 256, p);
  EXPECT_EQ(r.uram, 1);
  EXPECT_EQ(r.bram18, bram18For(72, 256));
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
