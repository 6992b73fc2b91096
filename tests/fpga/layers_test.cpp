// Do layers beyond convolutions take the cycles, the fabric and the refusals of their mechanism?
#include <gtest/gtest.h>

#include "fpga/resources.h"
#include "tests/fpga/bench_board.h"

namespace wattlas::fpga {
namespace {

using namespace test;

Operator make(OpKind kind, const char* format = "w4a4") {
  Operator op;
  op.kind = kind;
  op.name = nameOf(kind);
  op.formats = parseTensorFormats(format);
  return op;
}
Operator attention(std::int64_t tokens, std::int64_t heads, std::int64_t width) {
  Operator op = make(OpKind::attention);
  op.cached = false;
  op.dims[Dim::heads] = op.dims[Dim::kvHeads] = heads;
  op.dims[Dim::headDim] = width;
  op.dims[Dim::queries] = op.dims[Dim::keys] = tokens;
  return op;
}
Operator image(OpKind kind, std::int64_t side, std::int64_t kernel, std::int64_t stride) {
  Operator op = make(kind);
  if (kind == OpKind::pool) op.variant = OpVariant::maximum;
  op.dims[Dim::cin] = op.dims[Dim::cout] = 4;
  op.dims[Dim::height] = op.dims[Dim::width] = side;
  op.dims[Dim::kernelHeight] = op.dims[Dim::kernelWidth] = kernel;
  op.dims[Dim::stride] = stride;
  return op;
}
Operator rows(OpKind kind, OpVariant variant, std::int64_t m, std::int64_t n) {
  Operator op = make(kind);
  op.variant = variant;
  op.dims[Dim::M] = m;
  op.dims[Dim::N] = n;
  return op;
}

struct Built {
  Expected<std::shared_ptr<const Program>, Refusal> program;
  const Design& design() const { return pipelineOf(**program).design(); }
  const Actor& actor(const std::string& name) const {
    for (const Actor& a : design().pipeline.actors)
      if (a.name == name) return a;
    throw std::runtime_error("no actor " + name);
  }
};
Built build(const Operator& op, const Settings& settings = {}) {
  Graph graph;
  graph.add(op);
  const auto device = board("fpga-u250", settings);
  return {device->lower({graph, graph.order(), PhaseKind::inference})};
}

TEST(Attention, IsTwoProductsOfStreamsAroundASoftmax) {
  const Built b = build(attention(8, 2, 4), {{"style", "finn"},
                                             {"folding.layers.attention-scores.pe", "2"},
                                             {"folding.layers.attention-scores.simd", "4"}});
  ASSERT_TRUE(b.program) << b.program.error().what;
  // Two heads, each 8 scores of 4 products for a query: 2 x (4/4) x (8/2) cycles.
  EXPECT_EQ(b.actor("attention-scores").service, 8);
  EXPECT_EQ(b.actor("attention-scores").tokens, 8);
  EXPECT_EQ(b.design().weightBits.value, 0) << "nothing is trained";
  std::int64_t held = 0;
  for (const Channel& c : b.design().pipeline.channels)
    if (c.held) {
      ++held;
      EXPECT_EQ(c.capacity, 16) << "one set of keys fills while the other is used";
    }
  EXPECT_EQ(held, 2);
}

TEST(Attention, OneStreamOfQueriesKeysAndValuesWaitsUntilAllKeysAreThere) {
  Graph graph;
  Operator qkv = make(OpKind::gemm);
  qkv.dims[Dim::M] = qkv.dims[Dim::K] = 8;
  qkv.dims[Dim::N] = 24;
  const OpId first = graph.add(qkv);
  graph.addAfter(first, attention(8, 2, 4));
  const auto device = board("fpga-u250", {{"style", "finn"}});
  const auto program = device->lower({graph, graph.order(), PhaseKind::inference});
  ASSERT_TRUE(program) << program.error().what;
  const Design& design = pipelineOf(**program).design();
  for (std::size_t c = 0; c < design.pipeline.channels.size(); ++c)
    if (design.pipeline.channels[c].name == "gemm -> attention-scores" &&
        design.pipeline.channels[c].tokenBits == 8 * 4 && design.fifoPeaks[c] > 1)
      return;
  FAIL() << "queries must wait in a stream";
}

TEST(Attention, AnEncoderOfTwoLayersIsOnePipelineAtEveryFidelity) {
  const Workload encoder = network("bert-base", {{"format", "w4a4"},
                                                 {"hidden", "16"},
                                                 {"layers", "2"},
                                                 {"heads", "2"},
                                                 {"ffn", "32"},
                                                 {"vocabulary", "50"},
                                                 {"prompt", "8"},
                                                 {"pooler", "false"},
                                                 {"batch", "2"}});
  const Graph& graph = encoder.phases.front().graph;
  for (const char* style : {"finn", "hls4ml"}) {
    const auto device = board("fpga-u250", {{"style", style}});
    std::vector<OpId> mine;
    for (const OpId op : graph.order())
      if (device->support(graph.at(op)).level != Support::Level::refused) mine.push_back(op);
    const auto regions = device->partition(graph, mine);
    ASSERT_EQ(regions.size(), 1u) << "only tables are looked up elsewhere";
    const auto program = device->lower({graph, regions.front(), encoder.phases.front().kind});
    ASSERT_TRUE(program) << program.error().what;
    const auto& pipeline = pipelineOf(**program);
    EXPECT_EQ(pipeline.frames(), 2);
    const Trace event = dataflow(*device).run(pipeline, Fidelity::event);
    EXPECT_EQ(event.actors, dataflow(*device).run(pipeline, Fidelity::detailed).actors) << style;
  }
}

TEST(Attention, AKeyValueCacheIsRefused) {
  Operator op = attention(8, 2, 4);
  op.cached = true;
  const Support s = board("fpga-u250")->support(op);
  EXPECT_EQ(s.level, Support::Level::refused);
  EXPECT_NE(s.how.find("cached: false"), std::string::npos);
}

TEST(Batched, ProductsOfActivationsHaveNoConstants) {
  Operator op = make(OpKind::gemm, "fixed-16-6");
  op.hasWeights = false;
  op.dims[Dim::M] = op.dims[Dim::K] = op.dims[Dim::N] = 8;
  op.dims[Dim::batch] = 2;
  const Built b = build(op, {{"style", "hls4ml"}, {"folding.reuse", "1"}});
  ASSERT_TRUE(b.program) << b.program.error().what;
  EXPECT_EQ(b.actor("gemm").cost.dsp, 8 * 8 * 2) << "every product needs a multiplier";
  const Built constant = build(op, {{"style", "hls4ml"}, {"folding.strategy", "latency"}});
  ASSERT_FALSE(constant.program);
  EXPECT_NE(constant.program.error().nearestLegal.find("resource"), std::string::npos);
}

TEST(Batched, AThirdStreamIsRefused) {
  Graph graph;
  Operator op = make(OpKind::gemm);
  op.dims[Dim::M] = op.dims[Dim::K] = op.dims[Dim::N] = 4;
  const OpId a = graph.add(op), b = graph.add(op), c = graph.add(op);
  op.hasWeights = false;
  const OpId product = graph.addAfter(a, op);
  graph.connect(b, product);
  graph.connect(c, product);
  const auto program = board("fpga-u250")->lower({graph, graph.order(), PhaseKind::inference});
  ASSERT_FALSE(program);
  EXPECT_NE(program.error().what.find("more streams"), std::string::npos);
}

TEST(Attention, EndlessKeysAreABudgetRefusal) {
  const Built b = build(attention(100'000'000, 1, 2));
  ASSERT_FALSE(b.program);
  EXPECT_EQ(b.program.error().code, Refusal::Code::budget) << b.program.error().what;
}

TEST(Norms, PassAsOftenAsTheirRowNeeds) {
  const Settings one = {{"style", "finn"}, {"folding.layers.norm.pe", "1"}};
  const Built layer = build(rows(OpKind::norm, OpVariant::layer, 4, 16), one);
  const Built rms = build(rows(OpKind::norm, OpVariant::rms, 4, 16), one);
  ASSERT_TRUE(layer.program && rms.program);
  EXPECT_EQ(layer.actor("norm").service, 16);
  EXPECT_EQ(layer.actor("norm").latency - rms.actor("norm").latency, 16);
  EXPECT_EQ(board("fpga-u250")->support(rows(OpKind::norm, OpVariant::group, 4, 16)).level,
            Support::Level::refused);
}

TEST(Windows, ATransposedConvolutionReadsZerosBetweenPixels) {
  const Operator op = image(OpKind::convTranspose, 5, 3, 2);
  const Built b = build(op, {{"style", "finn"}});
  ASSERT_TRUE(b.program) << b.program.error().what;
  const Layer& layer = b.design().network.layers.front();
  EXPECT_EQ(layer.window.outWidth(), outputWidth(op));
  EXPECT_EQ(layer.window.paddedWidth(), 4 * 2 + 1 + 2 * 2);
  EXPECT_EQ(b.actor("conv_transpose.buffer").firings(), 13 * 13);
  const Built hls = build(op, {{"style", "hls4ml"}});
  ASSERT_FALSE(hls.program);
  EXPECT_EQ(hls.program.error().nearestLegal, "style: finn");
}

TEST(Windows, ADilatedKernelReachesFurtherWithAsManyProducts) {
  Operator op = image(OpKind::conv2d, 9, 3, 1);
  const Built dense = build(op, {{"style", "finn"}, {"folding.pe", "1"}, {"folding.simd", "1"}});
  op.dims[Dim::dilation] = 2;
  const Built wide = build(op, {{"style", "finn"}, {"folding.pe", "1"}, {"folding.simd", "1"}});
  ASSERT_TRUE(dense.program && wide.program);
  EXPECT_EQ(wide.actor("conv2d").service, dense.actor("conv2d").service);
  EXPECT_EQ(wide.actor("conv2d").tokens, 5 * 5);
  EXPECT_FALSE(build(op, {{"style", "hls4ml"}}).program);
}

TEST(Pools, WindowsThatOverlapComeFromAGenerator) {
  const Settings one = {{"style", "finn"}, {"folding.layers.pool.pe", "4"}};
  const Built apart = build(image(OpKind::pool, 8, 2, 2), one);
  const Built overlap = build(image(OpKind::pool, 8, 3, 2), one);
  ASSERT_TRUE(apart.program && overlap.program);
  EXPECT_EQ(busyCycles(apart.actor("pool")), 8 * 8 + 4 * 4) << "a pixel, and a result, a cycle";
  EXPECT_EQ(busyCycles(overlap.actor("pool")), 3 * 3 * 3 * 3) << "nine values of nine windows";
  const Built hls = build(image(OpKind::pool, 8, 2, 2), {{"style", "hls4ml"}});
  ASSERT_TRUE(hls.program);
  EXPECT_EQ(busyCycles(hls.actor("pool")), 8 * 8);
  EXPECT_FALSE(build(image(OpKind::pool, 8, 3, 2), {{"style", "hls4ml"}}).program);
}

TEST(Products, PowersOfTwoShift) {
  const Operator op = image(OpKind::conv2d, 8, 3, 1);
  const Settings lanes = {{"style", "finn"}, {"folding.pe", "4"}, {"folding.simd", "4"}};
  Settings shift = lanes;
  shift.emplace_back("folding.products", "shift");
  const Built multiplied = build(op, lanes), shifted = build(op, shift);
  ASSERT_TRUE(multiplied.program && shifted.program);
  EXPECT_EQ(shifted.design().network.layers.front().powersOfTwo, true);
  Layer layer;
  layer.cin = layer.cout = 16;
  layer.weightBits = layer.inputBits = layer.outputBits = 4;
  const Parameters p = dataflow(*board("fpga-u250")).parameters();
  const std::int64_t constants = productUnit(layer, {1, 1, 1}, Style::hls4ml, p).lut;
  layer.powersOfTwo = true;
  EXPECT_LT(productUnit(layer, {1, 1, 1}, Style::hls4ml, p).lut, constants)
      << "unrolled, a shift is a wire";
  Operator wide = op;
  wide.formats = parseTensorFormats("int8");
  const Built refused = build(wide, shift);
  ASSERT_FALSE(refused.program);
  EXPECT_NE(refused.program.error().nearestLegal.find("2 to 5 bits"), std::string::npos);
}

TEST(Clocks, PumpedMemoryIsHalfAsWideAndPumpedProductsAreHalfAsMany) {
  Layer layer;
  layer.cin = layer.cout = 256;
  layer.weightBits = layer.inputBits = 8;
  const Parameters p = dataflow(*board("fpga-pynq-z2")).parameters();
  Folding f{16, 16, 1};
  const Resources plain = productUnit(layer, f, Style::finn, p);
  f.pumping = Pumping::products;
  EXPECT_EQ(productUnit(layer, f, Style::finn, p).dsp * 2, plain.dsp);
  f.pumping = Pumping::memory;
  EXPECT_LT(productUnit(layer, f, Style::finn, p).bram18, plain.bram18);
}

TEST(Clocks, APartAtTwiceTheClockHasToCloseTiming) {
  const Workload w = network("ecg-dscnn1d", {{"format", "int8"}});
  const Settings fast = {{"style", "finn"}, {"fabric.clock", "400 MHz"}};
  EXPECT_TRUE(lower(*board("fpga-zcu104", fast), w));
  Settings pumped = fast;
  pumped.emplace_back("folding.pumping", "memory");
  const auto refused = lower(*board("fpga-zcu104", pumped), w);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("twice the clock"), std::string::npos);
  EXPECT_FALSE(
      lower(*board("fpga-zcu104", {{"style", "hls4ml"}, {"folding.pumping", "memory"}}), w));
}

TEST(Streamed, WeightsComeFromTheBoardForEveryVector) {
  Operator op = make(OpKind::gemm, "int8");
  op.dims[Dim::M] = 32;
  op.dims[Dim::K] = op.dims[Dim::N] = 256;
  const Settings lanes = {{"style", "finn"}, {"folding.pe", "16"}, {"folding.simd", "16"}};
  Settings streamed = lanes;
  streamed.emplace_back("folding.weights", "streamed");
  const Built kept = build(op, lanes), moved = build(op, streamed);
  ASSERT_TRUE(kept.program && moved.program) << moved.program.error().what;
  EXPECT_EQ(moved.design().weightBits.value, 0);
  EXPECT_EQ(moved.design().streamedBits.value, 256 * 256 * 8);
  EXPECT_LT(moved.design().bufferBits.value, 256 * 256 * 8) << "words are used as they come";
  EXPECT_LT(moved.design().total.bram18 + moved.design().total.uram,
            kept.design().total.bram18 + kept.design().total.uram);
  EXPECT_EQ(moved.actor("gemm.weights").tokens, 32);
  // 512 bits a cycle: a pass of 65,536 weights lasts longer than its products.
  EXPECT_EQ(moved.actor("gemm.weights").service, 256 * 256 * 8 / 512);
  EXPECT_GT(boundCycles(moved.design().pipeline, 1), boundCycles(kept.design().pipeline, 1));
  EXPECT_FALSE(build(op, {{"style", "hls4ml"}, {"folding.weights", "streamed"}}).program);
}

TEST(Requests, ALayerWithDotsInItsNameIsAskedForWithSlashes) {
  Operator op = make(OpKind::gemm);
  op.name = "block.up";
  op.dims[Dim::M] = op.dims[Dim::K] = op.dims[Dim::N] = 8;
  const Built b = build(op, {{"style", "finn"}, {"folding.layers.block/up.pe", "2"}});
  ASSERT_TRUE(b.program) << b.program.error().what;
  EXPECT_EQ(b.design().foldings.front().pe, 2);
}

TEST(Clocks, ASlowerDmaClockStretchesItsStreams) {
  const Workload w = network("rn07");
  const auto service = [&](const char* clock) {
    const auto program = lowered(*board("fpga-zcu104", {{"memory.dmaClock", clock}}), w);
    return busyCycles(pipelineOf(*program).design().pipeline.actors.front());
  };
  EXPECT_GT(service("20 MHz"), service("0 Hz"));
}

}  // namespace
}  // namespace wattlas::fpga
