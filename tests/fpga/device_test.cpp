// Does a whole network become one pipeline whose cost adds up and respects its bound?
#include <gtest/gtest.h>

#include <set>

#include "tests/fpga/bench_board.h"

namespace wattlas::fpga {
namespace {

using namespace test;

const std::vector<std::string> networks = {"ecg-dscnn1d", "ecg-cnn1d", "jet-mlp", "ad08",
                                           "fmnist-cnn",  "cnv-w1a1",  "rn07"};

TEST(Device, EveryBoardFileLoadsAndEveryNumberNamesItsSource) {
  int seen = 0;
  for (const auto& [id, file] : searchPath().list("devices")) {
    if (!id.starts_with("fpga-")) continue;
    ++seen;
    const auto device = board(id);
    EXPECT_GT(device->info().peakMacs.value, 0) << id;
    for (const ParameterRecord& r : device->config().parameters)
      EXPECT_FALSE(r.source.empty()) << id << " " << r.path;
  }
  EXPECT_EQ(seen, 16);
}

TEST(Device, ANetworkIsOneRegion) {
  const auto device = board("fpga-zcu104");
  const Workload w = network("ecg-dscnn1d");
  const Graph& graph = w.phases.front().graph;
  EXPECT_EQ(device->partition(graph, graph.order()).size(), 1u);
  EXPECT_TRUE((*lower(*device, w))->coversCounts());
}

TEST(Device, APathThroughAnotherDeviceSplitsTheRegion) {
  const auto device = board("fpga-zcu104");
  const Workload w = network("jet-mlp");
  const Graph& graph = w.phases.front().graph;
  std::vector<OpId> mine = graph.order();
  mine.erase(mine.begin() + 2);
  const auto regions = device->partition(graph, mine);
  ASSERT_EQ(regions.size(), 2u);
  EXPECT_EQ(regions[0].size(), 2u);
  EXPECT_EQ(regions[0].size() + regions[1].size(), mine.size());
}

TEST(Device, BoundIsBelowEveryFidelityForEveryBatch) {
  const auto device = board("fpga-zcu104");
  for (const std::string& id : networks)
    for (const char* batch : {"1", "2", "7"}) {
      const Workload w = network(id, {{"batch", batch}});
      const auto program = lower(*device, w);
      ASSERT_TRUE(program) << id << ": " << program.error().what;
      EXPECT_GT((*program)->lowerBound().ps, 0) << id;
      EXPECT_LE((*program)->lowerBound(), run(*device, w).alone()) << id;
      EXPECT_LE((*program)->lowerBound(), device->estimate(**program).alone()) << id;
    }
}

TEST(Device, TheClosedFormIsNearTheSimulationButIsNotIt) {
  const auto device = board("fpga-pynq-z2");
  bool differs = false;
  for (const std::string& id : networks) {
    const auto program = lower(*device, network(id));
    ASSERT_TRUE(program) << id << ": " << program.error().what;
    const double closed = toSeconds(device->estimate(**program).alone()).value;
    const double event = toSeconds(run(*device, network(id)).alone()).value;
    EXPECT_NEAR(closed / event, 1.0, 0.35) << id;
    differs |= closed != event;
  }
  EXPECT_TRUE(differs);
}

TEST(Device, EveryCycleOfDetailedAndEventAgrees) {
  for (const char* id : {"jet-mlp", "ad08", "fmnist-cnn", "ecg-dscnn1d"}) {
    const auto device = board("fpga-zcu104");
    const Workload w = network(id, {{"batch", "3"}});
    const Profile event = run(*device, w), detailed = run(*device, w, Fidelity::detailed);
    EXPECT_EQ(event.alone(), detailed.alone()) << id;
    EXPECT_EQ(countsOf(event), countsOf(detailed)) << id;
    const Trace one = traceOf(*device, w), other = traceOf(*device, w, Fidelity::detailed);
    EXPECT_EQ(one.actors, other.actors) << id;
    EXPECT_EQ(one.occupancy, other.occupancy) << id;
  }
}

TEST(Device, SharesAddUpToTimeAndEnergy) {
  const auto device = board("fpga-zcu104");
  for (const std::string& id : networks)
    for (const char* batch : {"1", "5"}) {
      const Profile profile = run(*device, network(id, {{"batch", batch}}));
      Ticks time;
      EnergyCounts energy;
      for (const OperatorShare& share : profile.shares) {
        time += share.attributed;
        energy.add(share.energy);
        EXPECT_GE(share.attributed.ps, 0) << id;
        EXPECT_LE(share.utilisation, 1) << id;
        EXPECT_LE(share.end, profile.alone()) << id;
      }
      EXPECT_EQ(time, profile.alone()) << id;
      EXPECT_EQ(energy, countsOf(profile)) << id;
    }
}

TEST(Device, TheEcgPipelineWithOneLaneRunsAtTheHandComputedInterval) {
  const auto device =
      board("fpga-zcu104", {{"style", "finn"}, {"folding.pe", "1"}, {"folding.simd", "1"}});
  const auto cycles = [&](const char* batch) {
    return traceOf(*device, network("ecg-dscnn1d", {{"batch", batch}})).cycles;
  };
  EXPECT_EQ(cycles("6") - cycles("5"), 237568);
}

TEST(Device, ABatchIsPipelined) {
  const auto device = board("fpga-zcu104");
  const Profile one = run(*device, network("rn07"));
  const Profile ten = run(*device, network("rn07", {{"batch", "10"}}));
  EXPECT_LT(ten.alone().ps, 10 * one.alone().ps);
  EXPECT_GT(ten.alone().ps, one.alone().ps);
  EnergyCounts tenfold;
  tenfold.add(countsOf(one), 10);
  EXPECT_EQ(countsOf(ten), tenfold);
}

TEST(Device, ALargeBatchIsFoldedAndSaysSo) {
  const auto device = board("fpga-zcu104");
  const Profile profile = run(*device, network("ecg-dscnn1d", {{"batch", "1000"}}));
  ASSERT_EQ(profile.replications.size(), 1u);
  EXPECT_EQ(profile.replications.front().kind, ReplicationKind::periodicity);
  EXPECT_GT(profile.replications.front().factor, 900);
  EXPECT_FALSE(profile.replications.front().guard.empty());
  EXPECT_LT(profile.events, 400'000) << "few frames are evaluated";
}

TEST(Device, TheSameInputGivesTheSameProgramAndProfile) {
  const auto a = board("fpga-kv260"), b = board("fpga-kv260");
  const Workload w = network("ecg-dscnn1d");
  EXPECT_EQ((*lower(*a, w))->hash(), (*lower(*b, w))->hash());
  EXPECT_EQ(traceOf(*a, w).actors, traceOf(*b, w).actors);
  EXPECT_NE((*lower(*a, w))->hash(), (*lower(*a, network("ecg-cnn1d")))->hash());
}

TEST(Device, NarrowerFormatsNeverNeedMoreMemory) {
  const auto device = board("fpga-u250");
  double before = 1e18;
  for (const char* format : {"int16", "int8", "int4", "int2", "binary"}) {
    const auto program = lower(*device, network("ecg-cnn1d", {{"format", format}}));
    ASSERT_TRUE(program) << format << ": " << program.error().what;
    const double bits = (*program)->footprint().front().resident.value;
    EXPECT_LT(bits, before) << format;
    before = bits;
  }
}

TEST(Device, ResidualNetworksGetABypassThatDoesNotDeadlock) {
  const auto device = board("fpga-u250");
  const auto program = lower(*device, network("resnet18", {{"format", "int4"}}));
  ASSERT_TRUE(program) << program.error().what;
  const auto& design = dynamic_cast<const DataflowProgram&>(**program).design();
  std::int64_t deepest = 0;
  for (const Channel& c : design.pipeline.channels)
    if (c.sizable) deepest = std::max(deepest, c.capacity);
  EXPECT_GT(deepest, 50) << "a bypass waits for two convolutions";
}

TEST(Device, EcgDesignPointStaysWithinItsStepBudget) {
  // Steps, not seconds, are guarded: about 0.6 ms on one core.
  EXPECT_LT(run(*board("fpga-zcu104"), network("ecg-dscnn1d")).events, 25'000);
}

TEST(Designs, RememberedOnesAreWhatADeviceOfItsOwnBuilds) {
  // One registry: the boards share a memory. The slow memory makes streams wait at the fast clock.
  Registry registry;
  registerFpga(registry);
  const SearchPath path = searchPath();
  const Workload w = network("ecg-dscnn1d");
  const Hash128 content = w.config.hash();
  const Graph& graph = w.phases.front().graph;
  std::set<std::int64_t> cycles;
  for (const char* bandwidth : {"20 GB/s", "100 MB/s"})
    for (const char* clock : {"100 MHz", "250 MHz", "150 MHz"}) {
      const Settings settings = {{"fabric.clock", clock}, {"memory.bandwidth", bandwidth}};
      ConfigNode config = loadConfig(path.list("devices").at("fpga-zcu104"), path);
      for (const auto& [key, value] : settings) config.set(key, ConfigNode::ofScalar(value));
      const auto sharing = registry.make(config, "device");
      WorkItem item{graph, graph.order(), w.phases.front().kind};
      item.content = content;
      const auto program = sharing->lower(item);
      ASSERT_TRUE(program);
      const auto alone = board("fpga-zcu104", settings);
      const auto expected = lower(*alone, w);
      EXPECT_EQ((*program)->hash(), (*expected)->hash()) << clock << " " << bandwidth;
      EXPECT_EQ((*program)->lowerBound(), (*expected)->lowerBound()) << clock << " " << bandwidth;
      cycles.insert(dataflow(*sharing)
                        .run(dynamic_cast<const DataflowProgram&>(**program), Fidelity::event)
                        .cycles);
    }
  EXPECT_GT(cycles.size(), 1u) << "streams must wait in some of the cases";
}

}  // namespace
}  // namespace wattlas::fpga
