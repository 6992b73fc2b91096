// Does a step of a recurrence wait for the state that the step before leaves?
#include <gtest/gtest.h>

#include "fpga/layer.h"
#include "fpga/resources.h"
#include "tests/fpga/bench_board.h"

namespace wattlas::fpga {
namespace {

using namespace test;

Parameters parametersOf(const Settings& more = {}) {
  Settings settings = {{"fabric.clock", "200 MHz"}, {"folding.reuse", "1"}};
  settings.insert(settings.end(), more.begin(), more.end());
  return dataflow(*board("fpga-vu13p", settings)).parameters();
}

Layer gru(int bits) {
  Layer layer;
  layer.kind = LayerKind::recurrent;
  layer.cell = Cell::gru;
  layer.gates = 3;
  layer.cin = 6;
  layer.cout = layer.state = 20;
  layer.pixels = layer.outPixels = layer.window.width = 20;
  layer.weightBits = layer.inputBits = bits;
  layer.accumulatorBits = bits;
  return layer;
}

Workload topTagging(const std::string& steps = "") {
  return network("toptag-gru", steps.empty() ? Settings{} : Settings{{"input.width", steps}});
}

const Design& designOf(const std::shared_ptr<const Program>& program) {
  return dynamic_cast<const DataflowProgram&>(*program).design();
}

std::int64_t stepCycles(const Layer& layer, const Folding& f, const Parameters& p) {
  return layerCycles(layer, f, Style::hls4ml, p) / layer.pixels;
}

TEST(Recurrent, SharedMultipliersTakeTheirTurnsInEveryStep) {
  const Parameters p = parametersOf();
  const Folding few{1, 1, 26}, fewer{1, 1, 52};
  EXPECT_EQ(stepCycles(gru(16), fewer, p) - stepCycles(gru(16), few, p), 26);
}

TEST(Recurrent, ProductsInLookUpTablesChainAndThoseInBlocksWait) {
  const Parameters p = parametersOf();
  EXPECT_EQ(productCycles(4, 4, p), 0);
  EXPECT_EQ(productCycles(16, 16, p), 1);
  EXPECT_EQ(productCycles(36, 36, p), 2);
}

TEST(Recurrent, ASlowerMultiplierMakesLongerSteps) {
  const Folding unrolled{1, 1, 1};
  EXPECT_GT(stepCycles(gru(16), unrolled, parametersOf({{"law.multiplier", "6 ns"}})),
            stepCycles(gru(16), unrolled, parametersOf()));
}

TEST(Recurrent, ALongShortTermMemoryHasFourGatesToMultiply) {
  const Parameters p = parametersOf();
  Layer lstm = gru(16);
  lstm.cell = Cell::lstm;
  lstm.gates = 4;
  EXPECT_EQ(lstm.weights() * 3, gru(16).weights() * 4);
  EXPECT_GT(productUnit(lstm, {1, 1, 26}, Style::hls4ml, p).dsp,
            productUnit(gru(16), {1, 1, 26}, Style::hls4ml, p).dsp);
}

TEST(Recurrent, TablesGiveTwoValuesACycle) {
  // Three functions for each of 20 units, two ports.
  EXPECT_EQ(productUnit(gru(16), {1, 1, 1}, Style::hls4ml, parametersOf()).bram18, 30);
}

TEST(Recurrent, AnInferenceTakesItsStepsOneByOne) {
  const auto device = board("fpga-vu13p", {{"style", "hls4ml"}});
  const auto shorter = lower(*device, topTagging("10")), longer = lower(*device, topTagging("20"));
  ASSERT_TRUE(shorter && longer);
  const auto busy = [](const Design& design) {
    for (const Actor& actor : design.pipeline.actors)
      if (actor.name == "gru") return busyCycles(actor);
    return std::int64_t{0};
  };
  EXPECT_GT(busy(designOf(*shorter)), 0);
  EXPECT_EQ(busy(designOf(*longer)), 2 * busy(designOf(*shorter)));
}

TEST(Recurrent, OnlyTheLastStateLeaves) {
  const auto device = board("fpga-vu13p");
  const auto program = lower(*device, topTagging());
  ASSERT_TRUE(program) << program.error().what;
  for (const Channel& channel : designOf(*program).pipeline.channels)
    if (channel.name.ends_with("-> dense1")) {
      EXPECT_EQ(channel.tokensPerFrame, 1);
      EXPECT_EQ(channel.tokenBits, 20 * 16);
    }
}

TEST(Recurrent, SteppingEqualsTheRecurrenceOfTokens) {
  const auto device = board("fpga-vu13p");
  for (const char* batch : {"1", "3"}) {
    const Workload w = network("toptag-gru", {{"batch", batch}});
    EXPECT_EQ(run(*device, w).alone(), run(*device, w, Fidelity::detailed).alone()) << batch;
  }
}

TEST(Recurrent, HasNoUnitInStyleFinn) {
  const auto device = board("fpga-vu13p", {{"style", "finn"}});
  const auto program = lower(*device, topTagging());
  ASSERT_FALSE(program);
  EXPECT_NE(program.error().nearestLegal.find("hls4ml"), std::string::npos);
}

TEST(Recurrent, ASecondDirectionIsRefused) {
  Operator op;
  op.name = "both";
  op.kind = OpKind::gru;
  op.formats = parseTensorFormats("fixed-16-6");
  op.dims[Dim::M] = 1;
  op.dims[Dim::K] = op.dims[Dim::N] = op.dims[Dim::steps] = 8;
  op.dims[Dim::directions] = 2;
  EXPECT_EQ(board("fpga-vu13p")->support(op).level, Support::Level::refused);
  op.dims[Dim::directions] = 1;
  EXPECT_EQ(board("fpga-vu13p")->support(op).level, Support::Level::native);
}

}  // namespace
}  // namespace wattlas::fpga
