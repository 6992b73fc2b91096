// What a pipeline cannot run is refused with operator, limit and remedy; bad settings are errors.
#include <gtest/gtest.h>

#include "tests/fpga/bench_board.h"

namespace wattlas::fpga {
namespace {

using namespace test;

TEST(Refusal, FloatingFormatsAreRefusedByName) {
  const auto refused = lower(*board("fpga-zcu104"), network("ecg-dscnn1d", {{"format", "fp16"}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Refusal::Code::format);
  EXPECT_NE(refused.error().what.find("fp16"), std::string::npos);
  EXPECT_NE(refused.error().what.find("integers"), std::string::npos);
}

TEST(Refusal, OperatorsWithoutAUnitAreRefused) {
  const auto device = board("fpga-u250");
  const Workload w = network("llama2-7b", {{"format", "int8"}});
  const Graph& graph = w.phases.front().graph;
  int refused = 0, native = 0;
  for (const OpId id : graph.order()) {
    const Support s = device->support(graph.at(id));
    ++(s.level == Support::Level::refused ? refused : native);
    if (s.level == Support::Level::refused) {
      EXPECT_FALSE(s.how.empty()) << graph.at(id).name;
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(native, 0);
}

TEST(Refusal, ALanguageModelNamesTheMissingMemory) {
  const auto device = board("fpga-u250");
  const Workload w = network("llama2-7b", {{"format", "int8"}});
  const Graph& graph = w.phases.front().graph;
  std::vector<OpId> products;
  for (const OpId id : graph.order())
    if (graph.at(id).kind == OpKind::gemm) products.push_back(id);
  for (const auto& region : device->partition(graph, products)) {
    const auto refused = device->lower({graph, region, PhaseKind::prefill});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Refusal::Code::capacity);
    EXPECT_NE(refused.error().what.find("are missing"), std::string::npos);
  }
}

TEST(Refusal, ANetworkTooLargeForTheBoardIsACapacityRefusal) {
  const auto refused = lower(*board("fpga-pynq-z2"), network("resnet18", {{"format", "int8"}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Refusal::Code::capacity);
  EXPECT_NE(refused.error().what.find("XC7Z020"), std::string::npos);
  EXPECT_FALSE(refused.error().nearestLegal.empty());
}

TEST(Refusal, EndlessStreamsAreABudgetRefusal) {
  const auto refused =
      lower(*board("fpga-zcu104"), network("gemm:100000000x8x8", {{"format", "int8"}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Refusal::Code::budget);
}

TEST(Refusal, StreamedWeightsAreRefused) {
  const auto device = board("fpga-zcu104");
  const Workload w = network("jet-mlp");
  const Graph& graph = w.phases.front().graph;
  WorkItem item{graph, graph.order(), PhaseKind::inference};
  item.weightsResident = false;
  const auto refused = device->lower(item);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Refusal::Code::capacity);
}

TEST(Refusal, ABypassTooShortForItsDetourIsADeadlockThatIsNamed) {
  const auto refused =
      lower(*board("fpga-u250", {{"fifo.depth", "1"}}), network("resnet18", {{"format", "int4"}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Refusal::Code::mapping);
  EXPECT_NE(refused.error().what.find("full streams"), std::string::npos) << refused.error().what;
  EXPECT_NE(refused.error().nearestLegal.find("auto"), std::string::npos);
}

TEST(Refusal, BadSettingsAreInputErrors) {
  EXPECT_THROW(board("fpga-zcu104", {{"fifo.depth", "deep"}}), InputError);
  EXPECT_THROW(board("fpga-zcu104", {{"fifo.depth", "0"}}), InputError);
  EXPECT_THROW(board("fpga-zcu104", {{"style", "vitis"}}), InputError);
  EXPECT_THROW(board("fpga-zcu104", {{"fabric.clock", "300"}}), InputError);
  EXPECT_THROW(board("fpga-zcu104", {{"fabric.clok", "300 MHz"}}), InputError);
  EXPECT_THROW(board("fpga-zcu104", {{"folding.pe", "-1"}}), InputError);
}

TEST(Refusal, ClocksBeyondTheDeviceNameTheLimit) {
  const auto refused =
      lower(*board("fpga-arty-a7", {{"fabric.clock", "1 GHz"}}), network("ecg-dscnn1d"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Refusal::Code::mapping);
  EXPECT_NE(refused.error().what.find("closes timing"), std::string::npos) << refused.error().what;
  EXPECT_TRUE(lower(*board("fpga-arty-a7"), network("ecg-dscnn1d")));
}

TEST(Refusal, FixedPointOfSixteenBitsRunsAndHalfPrecisionDoesNot) {
  EXPECT_TRUE(lower(*board("fpga-zcu104"), network("ecg-dscnn1d", {{"format", "fixed<16,6>"}})));
  EXPECT_FALSE(lower(*board("fpga-zcu104"), network("ecg-dscnn1d", {{"format", "w16a16"}})));
}

}  // namespace
}  // namespace wattlas::fpga
