// Host transfers, and how work lies on ranks.
#include "pim/upmem/device.h"
#include "tests/pim/support.h"

namespace wattlas::pim_test {
namespace {

const pim::UpmemParams& paramsOf(const Device& device) {
  return dynamic_cast<const pim::UpmemDevice&>(device).params();
}

TEST(HostTransfer, GrowsWithSizeAndPopulation) {
  const auto device = deviceOf("upmem-server");
  const pim::HostTransfers& law = paramsOf(*device).host;
  double last = 0;
  for (std::int64_t size = 8; size < (1 << 28); size *= 3) {
    const double now = law.copy(CopyPattern::scatter, true, 64, size).value;
    EXPECT_GE(now, last);
    last = now;
  }
  for (const std::int64_t dpus : {1, 8, 32, 64, 100, 640, 2560, 5120})
    EXPECT_LE(law.copy(CopyPattern::scatter, true, dpus, 1 << 20).value,
              law.copy(CopyPattern::scatter, true, dpus * 2, 1 << 20).value * 1.0000001)
        << dpus;
}

TEST(HostTransfer, MeetsItsTableAtTheKnots) {
  const auto device = deviceOf("upmem-server");
  const pim::HostTransfers& law = paramsOf(*device).host;
  const auto micros = [&](bool to, std::int64_t dpus, std::int64_t size) {
    return 1e6 * law.copy(to ? CopyPattern::scatter : CopyPattern::gather, to, dpus, size).value;
  };
  EXPECT_NEAR(micros(true, 256, 32768), 1000, 1e-6);
  EXPECT_NEAR(micros(true, 2560, 33554432), 1717900, 1e-3);
  EXPECT_NEAR(micros(false, 64, 1048576), 20051, 1e-6);
  EXPECT_NEAR(micros(false, 2560, 1024), 949, 1e-6);
}

TEST(HostTransfer, OneDpuMovesItsPartAtItsOwnRate) {
  const auto device = deviceOf("upmem-dpu");
  const pim::HostTransfers& law = paramsOf(*device).host;
  // 32 MB at 0.33 GB/s (PrIM, one DPU), far below the time of a whole rank.
  EXPECT_NEAR(law.copy(CopyPattern::scatter, true, 1, 33554432).value, 33554432 / 0.33e9, 1e-3);
  EXPECT_LT(law.copy(CopyPattern::gather, false, 1, 33554432),
            law.copy(CopyPattern::gather, false, 64, 33554432));
}

TEST(HostTransfer, BroadcastBeatsEqualParts) {
  const auto device = deviceOf("upmem-dimm");
  const pim::HostTransfers& law = paramsOf(*device).host;
  EXPECT_LT(law.copy(CopyPattern::broadcast, true, 128, 1 << 20),
            law.copy(CopyPattern::scatter, true, 128, 1 << 20));
}

TEST(Patterns, DifferentRanksAreNeverFolded) {
  const auto device = deviceOf("upmem-server");
  pim::Kernel kernel;
  kernel.classes = {{100, {}}, {2000, {}}};
  const auto folded = pim::patternsOf(kernel, paramsOf(*device), true);
  // one whole rank of the first class, a mixed one, whole ones of the second, a partly idle one
  ASSERT_EQ(folded.size(), 4u);
  EXPECT_EQ(folded[0].ranks, 1);
  EXPECT_EQ(folded[2].ranks, 30);
  std::int64_t ranks = 0;
  for (const auto& p : folded) ranks += p.ranks;
  EXPECT_EQ(ranks,
            static_cast<std::int64_t>(pim::patternsOf(kernel, paramsOf(*device), false).size()));
}

}  // namespace
}  // namespace wattlas::pim_test
