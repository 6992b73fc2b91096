// What does a software stack add to the kernels of its libraries, and who says which one runs?
#include "tests/gpu/fixture.h"

namespace wattlas::testing {
namespace {

std::shared_ptr<const gpu::GpuProgram> lowered(const Device& device, const Operator& op,
                                               const std::string& stack) {
  Graph graph;
  const OpId id = graph.add(op);
  WorkItem item{.graph = graph, .region = {id}};
  item.stack = stack;
  const auto program = device.lower(item);
  if (!program) {
    ADD_FAILURE() << program.error().what;
    return nullptr;
  }
  return std::dynamic_pointer_cast<const gpu::GpuProgram>(*program);
}

TEST(Stack, DynamicQuantisationIsAKernelBeforeNarrowProductsOnly) {
  const auto device = makeDevice("gpu-h100-sxm");
  const Operator narrow = gemm(1024, 4096, 4096, "fp8-e4m3");
  EXPECT_EQ(lowered(*device, narrow, "vllm")->kernels.size(), 2u);
  EXPECT_EQ(lowered(*device, narrow, "")->kernels.size(), 1u);
  EXPECT_EQ(lowered(*device, gemm(1024, 4096, 4096), "vllm")->kernels.size(), 1u);
  EXPECT_EQ(lowered(*device, gemm(1024, 4096, 4096, "w8a16"), "vllm")->kernels.size(), 1u);
}

TEST(Stack, QuantisationCostsTrafficOfTheActivationsNotOfTheWeights) {
  const auto device = makeDevice("gpu-h100-sxm");
  const auto first = [&](std::int64_t m, std::int64_t n) {
    return lowered(*device, gemm(m, n, 4096, "fp8-e4m3"), "vllm")->kernels.front().dramBits;
  };
  EXPECT_DOUBLE_EQ(first(2048, 4096), 2.0 * first(1024, 4096));
  EXPECT_DOUBLE_EQ(first(1024, 8192), first(1024, 4096));
}

TEST(Stack, EagerAttentionStoresItsScores) {
  const auto device = makeDevice("gpu-v100-pcie");
  const Operator op = attention(8, 16, 16, 512, 512, "fp32");
  const auto eager = lowered(*device, op, "torch-eager");
  // Two products, scale, mask, soft-max, copy of the heads.
  EXPECT_EQ(eager->kernels.size(), 6u);
  EXPECT_EQ(lowered(*device, op, "")->kernels.size(), 1u);
}

TEST(Stack, NewKeysAreWrittenByAKernelWhereTheStackHasOne) {
  const auto device = makeDevice("gpu-h100-sxm");
  const auto written = [&](std::int64_t kvHeads) {
    return lowered(*device, attention(2, 32, kvHeads, 512, 512), "vllm")->kernels.front();
  };
  EXPECT_EQ(lowered(*device, attention(2, 32, 8, 512, 512), "")->kernels.size(), 1u);
  EXPECT_DOUBLE_EQ(written(32).dramBits, 4 * written(8).dramBits);  // follows the key heads
}

/// A convolution, its folded norm, a residual and an activation; then a norm behind a sum.
Graph residualBlock() {
  Graph graph;
  Operator conv = convolution(64, 64, 1);
  conv.hasWeights = true;
  const OpId first = graph.add(conv);
  const std::int64_t pixels = 56 * 56;
  const OpId shortcut = graph.add(conv);
  const OpId sum = graph.addAfter(shortcut, rows(OpKind::add, OpVariant::none, 64, pixels));
  graph.connect(first, sum);
  const OpId act = graph.addAfter(sum, rows(OpKind::activation, OpVariant::relu, 64, pixels));
  const OpId next = graph.addAfter(act, rows(OpKind::add, OpVariant::none, 64, pixels));
  graph.addAfter(next, rows(OpKind::norm, OpVariant::rms, 64, pixels));
  graph.addAfter(act, conv);
  return graph;
}

TEST(Stack, EpiloguesRideInTheConvolution) {
  const Graph graph = residualBlock();
  const auto engine = makeDevice("gpu-a100-sxm", {{"stack", "tensorrt"}});
  const auto eager = makeDevice("gpu-a100-sxm", {{"stack", "torch-eager"}});
  const auto regions = engine->partition(graph, graph.order());
  const std::vector<std::vector<OpId>> expected = {{0}, {1, 2, 3}, {4, 5}, {6}};
  EXPECT_EQ(regions, expected);
  EXPECT_EQ(eager->partition(graph, graph.order()).size(), graph.size());
  const auto seconds = [](const Device& device, const Graph& of, const std::vector<OpId>& region) {
    const auto program = device.lower({.graph = of, .region = region});
    return program ? toSeconds(device.estimate(**program).alone()).value : -1;
  };
  double apart = 0;
  for (const OpId id : {1, 2, 3}) apart += seconds(*engine, graph, {id});
  const double together = seconds(*engine, graph, {1, 2, 3});
  EXPECT_GT(together, seconds(*engine, graph, {1}));  // the residual is read
  EXPECT_LT(together, apart);
  EXPECT_LT(seconds(*eager, graph, {1, 2, 3}), 0);  // that stack has no such kernel
}

TEST(Stack, AnUnknownOneIsRefusedWithThoseThereAre) {
  const auto device = makeDevice("gpu-h100-sxm");
  Graph graph;
  const OpId id = graph.add(gemm(1, 4096, 4096));
  WorkItem item{.graph = graph, .region = {id}};
  item.stack = "vllm 0.14 of somebody";
  const auto program = device->lower(item);
  ASSERT_FALSE(program);
  EXPECT_NE(program.error().nearestLegal.find("torch-eager"), std::string::npos);
}

TEST(Stack, TheDevicesOwnKeyChoosesItToo) {
  const auto plain = makeDevice("gpu-h100-sxm");
  const auto served = makeDevice("gpu-h100-sxm", {{"stack", "vllm"}});
  const Operator op = gemm(256, 4096, 4096, "fp8-e4m3");
  EXPECT_EQ(lowered(*served, op, "")->kernels.size(), 2u);
  EXPECT_LT(served->launch().perProgram, plain->launch().perProgram);  // replayed as a graph
  EXPECT_THROW(makeDevice("gpu-h100-sxm", {{"stack", "unheard-of"}}), InputError);
}

TEST(Stack, AMeasurementSeesTheHost) {
  const auto device = makeDevice("gpu-v100-pcie");
  const Operator add = rows(OpKind::add, OpVariant::none, 64, 64, "fp32");
  const Ticks small(1000000), large(1000000000);
  EXPECT_EQ(asGpu(*device).measured(add, Timing::kernel, small), small);
  EXPECT_EQ(asGpu(*device).measured(add, Timing::graph, small), small);
  // Two events around a call on an idle queue cannot come closer than the host's own time ...
  EXPECT_GT(asGpu(*device).measured(add, Timing::event, small), Ticks(20000000));
  // ... and a long kernel hides the host but for the time before it starts.
  const Ticks added = asGpu(*device).measured(add, Timing::event, large) - large;
  EXPECT_GT(added, Ticks(5000000));
  EXPECT_LT(added, Ticks(30000000));
}

TEST(Architecture, ADeviceWithoutDataTakesTheConstantsOfItsGeneration) {
  const auto measured = makeDevice("gpu-h100-sxm"), other = makeDevice("gpu-h200-sxm");
  EXPECT_EQ(asGpu(*measured).parameters().fit.gemm.efficiency.value.value,
            asGpu(*other).parameters().fit.gemm.efficiency.value.value);
  EXPECT_EQ(asGpu(*measured).stacks(), asGpu(*other).stacks());
}

TEST(Cache, ResidencyIsSmooth) {
  const auto device = makeDevice("gpu-a100-sxm");
  const Operator op = gemm(16, 4096, 4096);
  // 67.2 against 67.1 MB was once a factor of three.
  double before = 0;
  for (double megabytes = 8; megabytes <= 120; megabytes *= 1.02) {
    const double now = analyticSeconds(*device, op, Bits(8e6 * megabytes));
    if (before > 0) {
      EXPECT_GE(now, 0.999 * before);
      EXPECT_LT(now, 1.15 * before) << megabytes;
    }
    before = now;
  }
}

TEST(Convolution, WinogradSavesMultiplicationsWhereTheLibraryHasIt) {
  const auto device = makeDevice("gpu-v100-pcie");
  const auto name = [&](const Operator& op) {
    return lowered(*device, op, "")->kernels.front().name;
  };
  Operator many = convolution(256, 256, 1, "fp32");
  many.dims[Dim::batch] = 32;
  EXPECT_NE(name(many).find("Winograd"), std::string::npos);
  Operator few = many;
  few.dims[Dim::cin] = 3;
  EXPECT_EQ(name(few).find("Winograd"), std::string::npos);
  Operator strided = many;
  strided.dims[Dim::stride] = 2;
  EXPECT_EQ(name(strided).find("Winograd"), std::string::npos);
}

TEST(Product, ItsKernelIsListedAsTheLibraryChoseIt) {
  const auto device = makeDevice("gpu-a100-sxm");
  const auto program = lower(*device, gemm(4096, 4096, 4096));
  const std::vector<KernelReport> kernels = asGpu(*device).kernels(*program);
  ASSERT_EQ(kernels.size(), 1u);
  const KernelReport& k = kernels.front();
  EXPECT_EQ(k.blocks, (4096 / k.tileRows) * (4096 / k.tileColumns) * k.split);
  EXPECT_GE(k.waves, 1);
  EXPECT_GT(k.occupancy, 0.5);
  EXPECT_LE(k.occupancy, 1.0);
  EXPECT_EQ(k.limiter, "compute");
  EXPECT_NEAR(k.seconds, toSeconds(device->estimate(*program).alone()).value, 1e-9);
}

TEST(Product, ABatchIsSoManyProducts) {
  const auto device = makeDevice("gpu-v100-pcie");
  Operator op = gemm(512, 512, 64, "fp32");
  op.hasWeights = false;
  const double one = analyticSeconds(*device, op);
  op.dims[Dim::batch] = 384;
  EXPECT_GT(analyticSeconds(*device, op), 100 * one);
}

TEST(Power, TheLimitHoldsForTheAverageOfBurstAndRest) {
  const Operator op = gemm(8192, 8192, 8192);
  const auto burst = makeDevice("gpu-h100-sxm"),
             sustained = makeDevice("gpu-h100-sxm", {{"calibration.launches.rest", "0 us"}});
  EXPECT_LT(analyticSeconds(*burst, op), 0.95 * analyticSeconds(*sustained, op));
  Graph graph;
  const OpId id = graph.add(op);
  WorkItem item{.graph = graph, .region = {id}};
  item.content.low = 1;  // part of a workload
  const auto program = burst->lower(item);
  ASSERT_TRUE(program);
  EXPECT_EQ(toSeconds(burst->estimate(**program).alone()).value, analyticSeconds(*sustained, op));
}

TEST(Power, VoltageHasAFloor) {
  const auto device = makeDevice("gpu-v100-pcie", {{"power.voltageFloor", "0.8"}});
  const auto& p = asGpu(*device).parameters();
  EXPECT_DOUBLE_EQ(gpu::voltageFactor(p, 0.2), gpu::voltageFactor(p, 0.4));
  EXPECT_LT(gpu::voltageFactor(p, 0.9), 1.0);
}

}  // namespace
}  // namespace wattlas::testing
