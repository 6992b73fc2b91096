// Does the simulation of programs depend on nothing that ran before?
#include <gtest/gtest.h>

#include "tests/fpga/bench_board.h"

namespace wattlas::fpga {
namespace {

using namespace test;

void expectEqual(const Profile& a, const Profile& b) {
  EXPECT_EQ(a.alone(), b.alone());
  EXPECT_EQ(a.events, b.events);
  EXPECT_EQ(countsOf(a), countsOf(b));
}

TEST(Module, AThenBThenAGivesEqualResults) {
  const auto device = board("fpga-zcu104");
  const auto a = lower(*device, network("ecg-dscnn1d")), b = lower(*device, network("jet-mlp"));
  ASSERT_TRUE(a && b);
  const Profile first = device->simulate(**a, Fidelity::event);
  const Profile between = device->simulate(**b, Fidelity::event);
  expectEqual(first, device->simulate(**a, Fidelity::event));
  EXPECT_NE(first.alone(), between.alone());
}

TEST(Module, EventAndDetailedEndAtTheSameTime) {
  const auto device = board("fpga-zcu104");
  const auto program = lower(*device, network("fmnist-cnn", {{"batch", "2"}}));
  ASSERT_TRUE(program);
  EXPECT_EQ(device->simulate(**program, Fidelity::event).alone(),
            device->simulate(**program, Fidelity::detailed).alone());
}

}  // namespace
}  // namespace wattlas::fpga
