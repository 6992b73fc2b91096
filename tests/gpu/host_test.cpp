// Does the host processor run everything at a cost that grows with what it must do?
#include "tests/gpu/fixture.h"

namespace wattlas::testing {
namespace {

TEST(HostCpu, RunsEveryOperatorInEveryFormatAboveItsBound) {
  const auto cpu = makeDevice("cpu-xeon");
  for (const NumberFormat& format : namedFormats())
    for (const Operator& op : sample(format.name)) {
      ASSERT_NE(cpu->support(op).level, Support::Level::refused) << format.name << " " << op.name;
      const auto program = lower(*cpu, op);
      const Profile profile = cpu->estimate(*program);
      EXPECT_GE(profile.alone(), program->lowerBound()) << format.name << " " << op.name;
      EXPECT_GT(profile.shares[0].energy.energy(cpu->energy()).value, 0);
    }
}

TEST(HostCpu, EmulatedFormatsSayWhatTheyCost) {
  const auto cpu = makeDevice("cpu-xeon");
  const Operator ternary = gemm(64, 4096, 4096, "ternary");
  EXPECT_EQ(cpu->support(ternary).level, Support::Level::emulated);
  EXPECT_GE(analyticSeconds(*cpu, ternary), analyticSeconds(*cpu, gemm(64, 4096, 4096, "int8")));
  ASSERT_EQ(cpu->estimate(*lower(*cpu, ternary)).assumptions.size(), 1u);
}

TEST(HostCpu, RefusesCollectives) {
  Operator op = gemm(1, 4096, 1);
  op.kind = OpKind::collective;
  EXPECT_EQ(makeDevice("cpu-xeon")->support(op).level, Support::Level::refused);
}

TEST(HostCpu, MoreCoresAndBandwidthAreNeverSlower) {
  const auto base = makeDevice("cpu-xeon");
  for (const auto& change :
       std::vector<std::pair<std::string, std::string>>{{"cores", "16"},
                                                        {"clock", "2.4 GHz"},
                                                        {"memory.bandwidth", "400 GB/s"},
                                                        {"memory.cacheSize", "60 MB"}}) {
    const auto better = makeDevice("cpu-xeon", {change});
    for (const Operator& op : sample())
      EXPECT_LE(analyticSeconds(*better, op), analyticSeconds(*base, op)) << change.first;
  }
}

}  // namespace
}  // namespace wattlas::testing
