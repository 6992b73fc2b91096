// Are several streams joined by channels one stream, at every fidelity?
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fpga/bench_board.h"

namespace wattlas::fpga {
namespace {

using namespace test;

Workload twoBranches() {
  return network(std::string(wattlas::test::sourceRoot()) + "/tests/data/two-branches.yaml");
}

const Design& designOf(const std::shared_ptr<const Program>& program) {
  return dynamic_cast<const DataflowProgram&>(*program).design();
}

TEST(Concat, SteppingEqualsTheRecurrence) {
  for (const char* style : {"finn", "hls4ml"}) {
    const auto device = board("fpga-zcu104", {{"style", style}});
    const Profile event = run(*device, twoBranches());
    const Profile stepped = run(*device, twoBranches(), Fidelity::detailed);
    EXPECT_EQ(event.alone(), stepped.alone()) << style;
  }
}

TEST(Concat, EachInputStreamCarriesItsOwnChannels) {
  const auto device = board("fpga-zcu104");
  const auto program = lower(*device, twoBranches());
  ASSERT_TRUE(program) << program.error().what;
  std::vector<std::int64_t> bits;
  for (const Channel& channel : designOf(*program).pipeline.channels)
    if (channel.name.ends_with("-> joined")) bits.push_back(channel.tokenBits);
  std::sort(bits.begin(), bits.end());
  EXPECT_EQ(bits, (std::vector<std::int64_t>{8 * 4, 8 * 4, 12 * 4}));
}

TEST(Concat, WordsDivideTheChannelsOfEachInput) {
  const auto device = board("fpga-zcu104", {{"folding.layers.joined.pe", "3"}});
  const auto program = lower(*device, twoBranches());
  ASSERT_FALSE(program) << "12, 8 and 8 channels have no words of three";
  EXPECT_NE(program.error().nearestLegal.find("a divisor of 4"), std::string::npos)
      << program.error().nearestLegal;
}

TEST(Concat, WiderWordsTakeFewerCycles) {
  std::int64_t before = 0;
  for (const char* pe : {"1", "2", "4"}) {
    const auto device = board("fpga-zcu104", {{"folding.layers.joined.pe", pe}});
    const auto program = lower(*device, twoBranches());
    ASSERT_TRUE(program) << program.error().what;
    std::int64_t busy = 0;
    for (const Actor& actor : designOf(*program).pipeline.actors)
      if (actor.name == "joined") busy = busyCycles(actor);
    if (before > 0) {
      EXPECT_EQ(busy * 2, before) << pe;
    }
    before = busy;
  }
}

}  // namespace
}  // namespace wattlas::fpga
