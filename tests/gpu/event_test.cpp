// Does the simulation run kernels deterministically, and does its ledger add up?
#include "tests/gpu/fixture.h"

namespace wattlas::testing {
namespace {

TEST(GpuEvent, FewEventsAboveTheBound) {
  const auto device = makeDevice("gpu-h100-sxm");
  const auto program = lower(*device, gemm(2048, 8192, 8192));
  const Profile profile = device->simulate(*program, Fidelity::event);
  EXPECT_GE(profile.alone(), program->lowerBound());
  EXPECT_GT(profile.events, 3);
  EXPECT_LE(profile.events, 500);
}

TEST(GpuEvent, ABARunsGiveEqualResults) {
  const auto device = makeDevice("gpu-a100-sxm");
  const auto a = lower(*device, gemm(300, 4096, 4096)),
             b = lower(*device, attention(4, 32, 8, 1, 900));
  const Profile first = device->simulate(*a, Fidelity::event);
  const Profile between = device->simulate(*b, Fidelity::event);
  const Profile again = device->simulate(*a, Fidelity::event);
  EXPECT_EQ(first.alone().ps, again.alone().ps);
  EXPECT_EQ(first.events, again.events);
  EXPECT_EQ(first.shares[0].energy, again.shares[0].energy);
  EXPECT_NE(first.alone().ps, between.alone().ps);
}

TEST(GpuEvent, EnergyIsThatOfTheKernelsEvents) {
  const auto device = makeDevice("gpu-a100-sxm", {{"power.capped", "false"}});
  for (const Operator& op : sample()) {
    const auto program = lower(*device, op);
    const Profile event = device->simulate(*program, Fidelity::event),
                  closed = device->estimate(*program);
    EnergyCounts sum;
    for (const Segment& segment : event.segments) sum.add(segment.energy, segment.repeat);
    EXPECT_EQ(sum, event.shares[0].energy) << op.name;
    const auto mac = asGpu(*device).energyIds().mac[static_cast<int>(gpu::MacKind::fp16)];
    const double counted = static_cast<double>(event.shares[0].energy.of(mac));
    EXPECT_NEAR(counted, static_cast<double>(closed.shares[0].energy.of(mac)), 1e-6 * counted + 1)
        << op.name;
  }
}

TEST(GpuEvent, PowerLimitHoldsInTheEventModelToo) {
  const auto capped =
      makeDevice("gpu-h100-sxm", {{"power.tdp", "450 W"}, {"calibration.launches.rest", "0 us"}});
  const auto program = lower(*capped, gemm(8192, 8192, 8192));
  const Profile profile = capped->simulate(*program, Fidelity::event);
  const double seconds = toSeconds(profile.alone()).value;
  const double watts = profile.shares[0].energy.energy(capped->energy()).value / seconds +
                       asGpu(*capped).parameters().power.idle.value.value;
  EXPECT_LT(watts, 452);
  EXPECT_GT(watts, 420);
}

TEST(GpuEvent, IndependentNeighboursShareTheChip) {
  Graph graph;
  const OpId start = graph.add(rows(OpKind::add, OpVariant::none, 64, 64));
  const OpId heavy = graph.addAfter(start, gemm(4096, 4096, 4096));
  const OpId wide = graph.addAfter(start, rows(OpKind::add, OpVariant::none, 8192, 8192));
  const OpId sum = graph.addAfter(heavy, rows(OpKind::add, OpVariant::none, 64, 64));
  graph.connect(wide, sum);
  const auto device = makeDevice(
      "gpu-h100-sxm", {{"stack", "tensorrt"}, {"stacks.tensorrt.launches.streams", "2"}});
  const std::vector<std::vector<OpId>> expected = {{start}, {heavy, wide}, {sum}};
  EXPECT_EQ(device->partition(graph, graph.order()), expected);
  const auto profile = [&](const std::vector<OpId>& region, bool event) {
    const auto program = device->lower({.graph = graph, .region = region});
    EXPECT_TRUE(program);
    return event ? device->simulate(**program, Fidelity::event) : device->estimate(**program);
  };
  const auto seconds = [&](const std::vector<OpId>& region, bool event) {
    return toSeconds(profile(region, event).alone()).value;
  };
  // One waits for the units, the other for memory.
  const double apart = seconds({heavy}, true) + seconds({wide}, true);
  EXPECT_LT(seconds({heavy, wide}, true), 0.85 * apart);
  EXPECT_GE(seconds({heavy, wide}, true),
            std::max(seconds({heavy}, true), seconds({wide}, true)) * 0.999);
  // The closed form adds them up, but for the clock that the limit allows both together.
  EXPECT_GT(seconds({heavy, wide}, false),
            0.9 * (seconds({heavy}, false) + seconds({wide}, false)));
  const Profile both = profile({heavy, wide}, true);
  EXPECT_EQ(both.shares.size(), 2u);
  EXPECT_EQ(both.shares[0].attributed + both.shares[1].attributed, both.alone());
}

TEST(GpuEvent, StreamedParametersOccupyTheHostLink) {
  const auto device = makeDevice("gpu-a100-sxm");
  Graph graph;
  WorkItem item{.graph = graph, .region = {graph.add(gemm(1, 8192, 8192))}};
  item.weightsResident = false;
  const auto program = device->lower(item);
  const Profile profile = device->simulate(**program, Fidelity::event);
  EXPECT_EQ(profile.shares[0].bottleneck, Bottleneck::link);
}

TEST(GpuEvent, CollectivesNeedALink) {
  Operator op = gemm(1, 1 << 20, 1);
  op.kind = OpKind::collective;
  op.variant = OpVariant::allReduce;
  op.hasWeights = false;
  op.dims[Dim::groups] = 8;
  const auto device = makeDevice("gpu-h100-sxm");
  const Profile profile = device->simulate(*lower(*device, op), Fidelity::event);
  EXPECT_EQ(profile.shares[0].bottleneck, Bottleneck::link);
  EXPECT_EQ(profile.events, 15);  // start and 2 (n - 1) ring steps
  EXPECT_EQ(makeDevice("gpu-jetson-orin")->support(op).level, Support::Level::refused);
}

}  // namespace
}  // namespace wattlas::testing
