// Does the closed form of a row pass give the published proposal's peak table?
#include <gtest/gtest.h>

#include "pim/validation.h"
#include "tests/paths.h"

namespace wattlas::pim {
namespace {

TEST(SaMacPeak, EveryRowOfTheTableIsMetWithinOnePercent) {
  int seen = 0;
  for (const ValidationRow& row : validateBanks(SearchPath({test::sourceRoot()}))) {
    if (!row.id.starts_with("samac-")) continue;
    ++seen;
    EXPECT_TRUE(row.pass()) << row.id << ": " << row.ours << " against " << row.reference;
  }
  EXPECT_GE(seen, 30);
}

TEST(HostTransfers, MeasuredPointsAreMet) {
  for (const ValidationRow& row : validateUpmem(SearchPath({test::sourceRoot()})))
    if (row.gated()) {
      EXPECT_TRUE(row.pass()) << row.id << ": " << row.ours << " against " << row.reference;
    }
}

}  // namespace
}  // namespace wattlas::pim
