// The closed form against event simulation on every kind of device in memory, over shapes that
// nobody chose for their agreement; and what must hold at both levels.
#include "tests/pim/agreement.h"

namespace wattlas::pim_test {
namespace {

struct Case {
  const char* id;
  Sets sets;
  double worst;  ///< share of time by which any operator may differ
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.id << (c.sets.empty() ? "" : " " + c.sets[0].first + "=" + c.sets[0].second);
}

class EveryDevice : public testing::TestWithParam<Case> {};

TEST_P(EveryDevice, ClosedFormIsWithinFivePercentOfEventNearlyEverywhere) {
  const Case& c = GetParam();
  const auto device = deviceOf(c.id, c.sets);
  const Agreement found = agreementOf(*device, awkwardShapes(), 0.05);
  EXPECT_GT(found.compared, 100U);
  EXPECT_LE(found.worst, c.worst) << found.at;
  EXPECT_LE(found.beyond * 50, found.compared) << "worst: " << found.at;
}

TEST_P(EveryDevice, MoreWorkIsNeverFasterAtEvent) {
  const Case& c = GetParam();
  const auto device = deviceOf(c.id, c.sets);
  for (const char* format : {"fp16", "int8"})
    for (const auto& [n, k] : {std::pair(96, 4096), std::pair(5000, 200), std::pair(1000, 1000)}) {
      Operator op = gemm(1, n, k, format);
      if (device->support(op).level == Support::Level::refused) continue;
      // A larger product may be cut in another way: a hundredth.
      std::int64_t before = 0;
      for (int doubled = 0; doubled < 6; ++doubled) {
        const std::int64_t now = device->simulate(*lower(*device, op), Fidelity::event).alone().ps;
        EXPECT_GE(now * 100, before * 99)
            << c.id << " " << n << " x " << k << " doubled " << doubled;
        before = now;
        op.dims[doubled % 2 == 0 ? Dim::M : Dim::N] *= 2;
      }
    }
}

INSTANTIATE_TEST_SUITE_P(
    Pim, EveryDevice,
    testing::Values(
        Case{"upmem-dpu", {}, 0.03}, Case{"upmem-dimm", {}, 0.035}, Case{"upmem-e19", {}, 0.035},
        Case{"upmem-samac-col64", {}, 0.04}, Case{"upmem-samac-col256", {}, 0.04},
        Case{"upmem-samac-col512", {}, 0.04}, Case{"upmem-samac-row", {}, 0.04},
        Case{"upmem-samac-col256", {{"saMac.inputBuffer", "2 KiB"}}, 0.05},
        Case{"upmem-samac-col64", {{"saMac.inputRegisters", "1"}}, 0.07},
        Case{"upmem-samac-col64", {{"saMac.activeRowsPerChip", "5"}}, 0.05},
        Case{"upmem-samac-col64", {{"saMac.tFAW", "40 ns"}}, 0.05}, Case{"pim-ai-1chip", {}, 0.01},
        Case{"pim-ai-4chip", {}, 0.01}, Case{"pim-ai-24dimm", {}, 0.01},
        Case{"roofline-h100", {}, 0.05}, Case{"roofline-h100-x2", {}, 0.05},
        Case{"roofline-h100-x8", {}, 0.05}, Case{"roofline-snapdragon8gen3", {}, 0.07},
        Case{"roofline-a17pro", {}, 0.07}, Case{"roofline-pim-ai-1chip", {}, 0.07},
        Case{"roofline-sam-lpddr5pim", {}, 0.05}, Case{"hbm-pim", {}, 0.03},
        Case{"gddr6-aim", {}, 0.04}, Case{"attacc-bank", {}, 0.05}, Case{"attacc-bg", {}, 0.05},
        Case{"attacc-buffer", {}, 0.07}, Case{"neupims", {}, 0.06}, Case{"cent-x8", {}, 0.04},
        Case{"simdram-ddr4", {}, 0.04}));

}  // namespace
}  // namespace wattlas::pim_test
