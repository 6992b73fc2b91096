// Does the closed form of a row pass give the peak table that its parameter set was published with?
#include "pim/upmem/device.h"
#include "tests/pim/support.h"

namespace wattlas::pim_test {
namespace {

struct PeakCase {
  const char* device;
  const char* issue;  ///< column distance, or null
  int activationBits;
  double rowNs, streamGBs, int8, int4, tops;  ///< rates in GMAC/s; negative = not in the table
};

// "Peak per-bank rates" of the SA-MAC proposal, without refresh.
constexpr PeakCase table[] = {
    {"upmem-samac-col64", nullptr, 8, 674, 1.52, 1.52, 3.04, 0.39},
    {"upmem-samac-col64", "3.33 ns", 8, 460, 2.22, 2.22, 4.45, 0.57},
    {"upmem-samac-col256", nullptr, 8, 194, 5.27, 5.27, 10.5, 1.35},
    {"upmem-samac-col256", "3.33 ns", 8, 141, 7.28, 7.28, 14.6, 1.86},
    {"upmem-samac-col512", nullptr, 8, 114, 8.97, 8.97, 17.9, 2.30},
    {"upmem-samac-row", nullptr, 8, 46.7, -1, 21.9, 43.9, 5.6},
    {"upmem-samac-row", nullptr, 4, 45.8, -1, 22.3, 44.7, 5.7},
};

TEST(SaMacPeak, EveryFigureOfTheTableIsMetWithinHalfAPercent) {
  for (const PeakCase& c : table) {
    const auto device =
        deviceOf(c.device, c.issue != nullptr ? Sets{{"saMac.macIssue", c.issue}} : Sets{});
    const pim::UpmemParams& p = dynamic_cast<const pim::UpmemDevice&>(*device).params();
    const pim::PeakRates wide = p.peakRates(8, c.activationBits),
                         narrow = p.peakRates(4, c.activationBits);
    const auto near = [&](double ours, double reference) {
      if (reference > 0) {
        EXPECT_NEAR(ours / reference, 1, 0.005) << c.device << " " << reference;
      }
    };
    near(wide.row.value * 1e9, c.rowNs);
    near(wide.stream.value / 8e9, c.streamGBs);
    near(wide.macsPerSecond / 1e9, c.int8);
    near(narrow.macsPerSecond / 1e9, c.int4);
    near(2 * wide.macsPerSecond * 128 / 1e12, c.tops);
  }
}

}  // namespace
}  // namespace wattlas::pim_test
