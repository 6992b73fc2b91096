// Does an overlay take as long as its array and its memory need for each layer?
#include <gtest/gtest.h>

#include <cmath>

#include "fpga/overlay/device.h"
#include "tests/fpga/bench_board.h"

namespace wattlas::fpga {
namespace {

using namespace test;

/// 8 pixels x 16 x 16 channels at 300 MHz; memory and starts that never matter unless asked for.
std::unique_ptr<Device> overlay(const Settings& more = {}) {
  Settings settings = {{"array.layerTime", "0 s"},
                       {"memory.bandwidth", "1000 GB/s"},
                       {"memory.port", "1000 GB/s"},
                       {"array.featureBuffer", "1 GB"},
                       {"host.callOverhead", "100 us"}};
  settings.insert(settings.end(), more.begin(), more.end());
  return board("fpga-zcu104-dpuczdx8g-b4096x2", settings);
}

Operator convolution(std::int64_t cin, std::int64_t cout, std::int64_t size, std::int64_t kernel,
                     std::int64_t groups = 1, std::int64_t batch = 1) {
  Operator op;
  op.name = "conv";
  op.kind = OpKind::conv2d;
  op.hasWeights = true;
  op.formats = parseTensorFormats("int8");
  op.dims[Dim::batch] = batch;
  op.dims[Dim::cin] = cin;
  op.dims[Dim::cout] = cout;
  op.dims[Dim::groups] = groups;
  op.dims[Dim::height] = op.dims[Dim::width] = size;
  op.dims[Dim::kernelHeight] = op.dims[Dim::kernelWidth] = kernel;
  op.dims[Dim::stride] = 1;
  return op;
}

/// Cycles of the array.
double cycles(const Device& device, const Operator& op) {
  Graph graph;
  graph.add(op);
  const auto program = device.lower({graph, graph.order(), PhaseKind::inference});
  if (!program) throw std::runtime_error(program.error().what);
  return toSeconds(device.estimate(**program).alone()).value * 300e6;
}

TEST(Overlay, AProductTakesItsTilesOneAfterTheOther) {
  // 16 rows x 2 tiles of 8 pixels x 9 taps x 2 x 4 tiles of channels.
  EXPECT_NEAR(cycles(*overlay(), convolution(32, 64, 18, 3)), 16 * 2 * 9 * 2 * 4, 0.01);
}

TEST(Overlay, RemaindersTakeAsLongAsWholeTiles) {
  EXPECT_EQ(cycles(*overlay(), convolution(17, 1, 18, 3)),
            cycles(*overlay(), convolution(32, 16, 18, 3)));
}

TEST(Overlay, RowsOfAKernelFillTheLanesThatFewChannelsLeave) {
  const Operator stem = convolution(3, 16, 18, 3);
  EXPECT_NEAR(cycles(*overlay(), stem), 16 * 2 * 3, 0.01);
  EXPECT_NEAR(cycles(*overlay({{"array.channelAugmentation", "false"}}), stem), 16 * 2 * 9, 0.01);
  const Operator later = convolution(16, 16, 18, 3);
  EXPECT_EQ(cycles(*overlay(), later),
            cycles(*overlay({{"array.channelAugmentation", "false"}}), later));
}

TEST(Overlay, ChannelsOfTheirOwnTakeTheDepthwiseUnit) {
  // 16 rows x 2 tiles of 8 pixels x 2 tiles of 16 channels x 9 taps.
  EXPECT_NEAR(cycles(*overlay(), convolution(32, 32, 18, 3, 32)), 16 * 2 * 2 * 9, 0.01);
  EXPECT_GT(cycles(*overlay({{"array.depthwiseChannels", "0"}}), convolution(32, 32, 18, 3, 32)),
            16 * 2 * 2 * 9);
}

TEST(Overlay, WeightsThatStreamSlowerThanTheArraySetThePace) {
  const Operator op = convolution(512, 512, 3, 3);
  const double bytes = 512.0 * 512 * 9;
  EXPECT_NEAR(cycles(*overlay({{"memory.port", "1 GB/s"}, {"memory.efficiency", "50 %"}}), op),
              bytes / 0.5e9 * 300e6, 1);
}

TEST(Overlay, FeatureMapsBeyondTheBufferAreReadAndWritten) {
  const Settings slow = {{"memory.port", "1 MB/s"}, {"memory.efficiency", "100 %"}};
  Settings small = slow;
  small.push_back({"array.featureBuffer", "1 kB"});
  const Operator op = convolution(16, 16, 18, 3);
  const double features = 18.0 * 18 * 16 + 16.0 * 16 * 16;
  EXPECT_NEAR(cycles(*overlay(small), op) - cycles(*overlay(slow), op), features / 1e6 * 300e6, 1);
}

TEST(Overlay, ImagesOfABatchGoToTheCores) {
  const double one = cycles(*overlay(), convolution(16, 16, 18, 3));
  EXPECT_NEAR(cycles(*overlay(), convolution(16, 16, 18, 3, 1, 2)), one, 0.01);
  EXPECT_NEAR(cycles(*overlay(), convolution(16, 16, 18, 3, 1, 3)), 2 * one, 0.01);
  EXPECT_NEAR(cycles(*overlay({{"array.cores", "1"}}), convolution(16, 16, 18, 3, 1, 3)), 3 * one,
              0.01);
}

TEST(Overlay, EveryLayerStartsAndEveryCallCosts) {
  const double start = cycles(*overlay({{"array.layerTime", "5 us"}}), convolution(16, 16, 18, 3)) -
                       cycles(*overlay(), convolution(16, 16, 18, 3));
  EXPECT_NEAR(start, 5e-6 * 300e6, 0.01);
  EXPECT_EQ(overlay({{"host.callOverhead", "1 ms"}})->launch().perProgram, toTicks(Seconds(1e-3)));
}

TEST(Overlay, RefusesWiderNumbersAndWhatIsNoInstruction) {
  Operator wide = convolution(16, 16, 18, 3);
  wide.formats = parseTensorFormats("int16");
  EXPECT_EQ(overlay()->support(wide).level, Support::Level::refused);
  Operator attention;
  attention.kind = OpKind::attention;
  attention.formats = parseTensorFormats("int8");
  EXPECT_EQ(overlay()->support(attention).level, Support::Level::refused);
}

}  // namespace
}  // namespace wattlas::fpga
