// Does the SystemC module end programs at the right time, again and again?
#include <gtest/gtest.h>

#include "tests/fpga/bench_board.h"

namespace wattlas::fpga {
namespace {

using namespace test;

void expectEqual(const Profile& a, const Profile& b) {
  EXPECT_EQ(a.alone(), b.alone());
  EXPECT_EQ(a.statistics, b.statistics);
  EXPECT_EQ(a.events, b.events);
  EXPECT_EQ(countsOf(a), countsOf(b));
}

TEST(Module, AProgramEndsWhenItsLastTokenLeaves) {
  const auto device = board("fpga-zcu104");
  const auto program = lower(*device, network("ecg-dscnn1d"));
  ASSERT_TRUE(program);
  const auto module = device->elaborate("fpga", Fidelity::event);
  const Ticks begin = fromScTime(sc_core::sc_time_stamp());
  const Profile profile = runAlone(*module, **program);
  EXPECT_EQ(fromScTime(sc_core::sc_time_stamp()) - begin, profile.alone());
}

TEST(Module, AThenBThenAGivesEqualResults) {
  const auto device = board("fpga-zcu104");
  const auto a = lower(*device, network("ecg-dscnn1d")), b = lower(*device, network("jet-mlp"));
  ASSERT_TRUE(a && b);
  const auto module = device->elaborate("fpga", Fidelity::event);
  const Profile first = runAlone(*module, **a);
  const Profile between = runAlone(*module, **b);
  expectEqual(first, runAlone(*module, **a));
  EXPECT_NE(first.alone(), between.alone());
}

TEST(Module, EventAndDetailedEndAtTheSameTime) {
  const auto device = board("fpga-zcu104");
  const auto program = lower(*device, network("fmnist-cnn", {{"batch", "2"}}));
  ASSERT_TRUE(program);
  const auto event = device->elaborate("event", Fidelity::event);
  const auto detailed = device->elaborate("detailed", Fidelity::detailed);
  EXPECT_EQ(runAlone(*event, **program).alone(), runAlone(*detailed, **program).alone());
}

TEST(Module, AResetWhileRunningLeavesNothingBehind) {
  const auto device = board("fpga-zcu104");
  const auto program = lower(*device, network("jet-mlp"));
  ASSERT_TRUE(program);
  const auto module = device->elaborate("fpga", Fidelity::event);
  module->start(**program, [] { FAIL() << "a cancelled program ended"; });
  module->reset();
  EXPECT_GT(runAlone(*module, **program).alone().ps, 0);
}

TEST(Module, StartingTwiceIsABug) {
  const auto device = board("fpga-zcu104");
  const auto program = lower(*device, network("jet-mlp"));
  ASSERT_TRUE(program);
  const auto module = device->elaborate("fpga", Fidelity::event);
  module->start(**program, [] {});
  EXPECT_THROW(module->start(**program, [] {}), std::logic_error);
}

}  // namespace
}  // namespace wattlas::fpga
