// Which parallelism is legal, and does the search fill a device with a balanced pipeline?
#include <gtest/gtest.h>

#include <algorithm>

#include "fpga/layer.h"
#include "fpga/resources.h"

namespace wattlas::fpga {
namespace {

Expected<std::vector<Folding>, Refusal> chosenFor(const Network& network, Style style,
                                                  const Parameters& p) {
  FoldingMemory none;
  return chooseFoldings(network, style, p, budgetOf(p), none);
}

Layer matrix(const char* name, std::int64_t in, std::int64_t out, std::int64_t pixels = 1) {
  Layer layer;
  layer.name = name;
  layer.cin = in;
  layer.cout = out;
  layer.pixels = layer.outPixels = layer.window.width = pixels;
  return layer;
}

Parameters device(std::int64_t lut, std::int64_t dsp, std::int64_t bram36) {
  Parameters p;
  p.part = "test part";
  p.lut = {lut, Ratio(1)};
  p.ff = {2 * lut, Ratio(1)};
  p.dsp = {dsp, Ratio(1)};
  p.bram36 = {bram36, Ratio(1)};
  p.uram = {0, Ratio(1)};
  p.lutScale.value = Ratio(1.1);
  p.ffPerLut.value = Ratio(1.4);
  p.lutFromHls.value = Ratio(0.6);
  return p;
}

TEST(Folding, FinnLanesDivideTheMatrix) {
  const Layer layer = matrix("m", 48, 20);
  EXPECT_TRUE(isLegalFinn(layer, 5, 16));
  EXPECT_FALSE(isLegalFinn(layer, 3, 16));
  EXPECT_FALSE(isLegalFinn(layer, 5, 32));
  EXPECT_EQ(layerCycles(layer, {5, 16, 1}, Style::finn, {}), 4 * 3);
}

TEST(Folding, ReuseFactorsFollowTheGeneratorsRule) {
  EXPECT_TRUE(isLegalReuse(16, 64, 8));
  EXPECT_TRUE(isLegalReuse(16, 64, 32)) << "a multiple of the inputs";
  EXPECT_FALSE(isLegalReuse(16, 64, 3)) << "does not divide the products";
  EXPECT_FALSE(isLegalReuse(16, 5, 5)) << "16 multipliers cannot serve 5 outputs evenly";
}

TEST(Folding, TheReuseFactor16384OfRn07BecomesWhatTheSubmissionBuilt) {
  // Products of each layer and the reuse factor after clipping and legalising.
  EXPECT_EQ(nearestReuse(3, 32, 16384), 96);
  EXPECT_EQ(nearestReuse(16 * 32, 4, 16384), 2048);
  EXPECT_EQ(nearestReuse(16 * 4, 32, 16384), 2048);
  EXPECT_EQ(nearestReuse(16 * 32, 32, 16384), 16384);
  EXPECT_EQ(nearestReuse(2048, 10, 16384), 20480);
}

TEST(Folding, TheSearchBalancesLayersAndUsesTheDevice) {
  Network network;
  network.layers = {matrix("a", 64, 64), matrix("b", 64, 16)};
  const Parameters p = device(60000, 100, 50);
  const auto chosen = chosenFor(network, Style::finn, p);
  ASSERT_TRUE(chosen);
  const auto cycles = [&](std::size_t i) {
    return layerCycles(network.layers[i], (*chosen)[i], Style::finn, p);
  };
  const std::int64_t pace = std::max(cycles(0), cycles(1));
  EXPECT_LT(pace, 64 * 64 / 16) << "100 DSP blocks allow more than 16 lanes";
  // No layer has more lanes than it needs to keep the pace: one step narrower would be too slow.
  for (std::size_t i = 0; i < 2; ++i) EXPECT_LE(cycles(i), pace);
  Resources sum;
  for (std::size_t i = 0; i < 2; ++i)
    sum += layerResources(network.layers[i], (*chosen)[i], Style::finn, p);
  EXPECT_FALSE(shortfall(sum, budgetOf(p), p));
}

TEST(Folding, ALargerDeviceIsNeverSlower) {
  Network network;
  network.layers = {matrix("a", 96, 64, 10), matrix("b", 64, 40, 10), matrix("c", 40, 8, 10)};
  std::int64_t before = 1'000'000'000;
  for (const std::int64_t size : {10, 20, 40, 80, 160, 320}) {
    const Parameters p = device(1000 * size, 4 * size, size);
    const auto chosen = chosenFor(network, Style::finn, p);
    ASSERT_TRUE(chosen) << chosen.error().what;
    std::int64_t pace = 0;
    for (std::size_t i = 0; i < 3; ++i)
      pace = std::max(pace, layerCycles(network.layers[i], (*chosen)[i], Style::finn, p));
    EXPECT_LE(pace, before);
    before = pace;
  }
}

TEST(Folding, ATargetIntervalIsMetWithLessFabric) {
  Network network;
  network.layers = {matrix("a", 64, 64)};
  Parameters p = device(1'000'000, 10'000, 1000);
  const auto fastest = chosenFor(network, Style::finn, p);
  p.targetCycles = 100;
  const auto slower = chosenFor(network, Style::finn, p);
  ASSERT_TRUE(fastest && slower);
  EXPECT_EQ(lanesOf(network.layers[0], (*fastest)[0], Style::finn), 4096);
  EXPECT_EQ(lanesOf(network.layers[0], (*slower)[0], Style::finn), 64);
}

TEST(Folding, RequestsAreKeptAndIllegalOnesNamed) {
  Network network;
  network.layers = {matrix("a", 64, 60), matrix("b", 60, 16)};
  Parameters p = device(1'000'000, 10'000, 1000);
  p.layers["a"] = {.pe = 4, .simd = 8};
  const auto kept = chosenFor(network, Style::finn, p);
  ASSERT_TRUE(kept);
  EXPECT_EQ((*kept)[0], (Folding{4, 8, 1}));

  p.layers["a"] = {.pe = 7, .simd = 8};
  const auto illegal = chosenFor(network, Style::finn, p);
  ASSERT_FALSE(illegal);
  EXPECT_EQ(illegal.error().code, Refusal::Code::mapping);
  EXPECT_NE(illegal.error().what.find("'a'"), std::string::npos);
  EXPECT_EQ(illegal.error().nearestLegal, "pe: 6");

  p.layers = {{"conv9", {.pe = 1}}};
  const auto unknown = chosenFor(network, Style::finn, p);
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().what.find("conv9"), std::string::npos);

  p.layers = {{"a", {.reuse = 4}}};
  EXPECT_FALSE(chosenFor(network, Style::finn, p));
}

TEST(Folding, NearestLegalSimdKeepsWordsOfTheStreamWhole) {
  Network network;
  Layer layer = matrix("a", 16, 8);
  layer.window.kernelWidth = 5;
  layer.window.width = 20;
  network.layers = {layer};
  Parameters p = device(1'000'000, 10'000, 1000);
  p.layers["a"] = {.pe = 1, .simd = 5};  // divides 5 x 16, but five of sixteen channels do not
  const auto refused = chosenFor(network, Style::finn, p);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().nearestLegal, "simd: 4");
  p.layers["a"] = {.pe = 1, .simd = 4};
  EXPECT_TRUE(chosenFor(network, Style::finn, p));
}

TEST(Folding, IllegalReuseOfALayerNamesTheNearestLegalOne) {
  Network network;
  network.layers = {matrix("a", 16, 5)};
  Parameters p = device(1'000'000, 10'000, 1000);
  p.layers["a"] = {.reuse = 7};
  const auto refused = chosenFor(network, Style::hls4ml, p);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().nearestLegal, "reuse: 8");
}

TEST(Folding, FewerDspBlocksMeanMoreLutsNotAJumpInTime) {
  Network network;
  network.layers = {matrix("a", 64, 64), matrix("b", 64, 64), matrix("c", 64, 64)};
  std::int64_t before = 0;
  for (const std::int64_t dsp : {400, 100, 30, 5, 0}) {
    const Parameters p = device(60000, dsp, 500);
    const auto chosen = chosenFor(network, Style::finn, p);
    ASSERT_TRUE(chosen) << dsp << ": " << chosen.error().what;
    std::int64_t pace = 0;
    for (std::size_t i = 0; i < 3; ++i)
      pace = std::max(pace, layerCycles(network.layers[i], (*chosen)[i], Style::finn, p));
    EXPECT_GE(pace, before) << dsp;
    // LUTs do what DSP blocks no longer do: at most four times slower from step to step.
    if (before > 0) {
      EXPECT_LE(pace, 4 * before) << dsp;
    }
    before = pace;
  }
}

TEST(Folding, WhatDoesNotFitNamesTheResource) {
  Network network;
  network.layers = {matrix("a", 4096, 4096)};
  const Parameters p = device(50'000, 100, 10);
  const auto refused = chosenFor(network, Style::finn, p);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Refusal::Code::capacity);
  EXPECT_NE(refused.error().what.find("18 Kibit block RAMs, 20 of 20 are usable"),
            std::string::npos)
      << refused.error().what;
}

}  // namespace
}  // namespace wattlas::fpga
