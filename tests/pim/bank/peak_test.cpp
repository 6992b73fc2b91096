// Does the closed form of a row pass give the published proposal's peak table?
#include <gtest/gtest.h>

#include "pim/validation.h"

namespace wattlas::pim {
namespace {

TEST(SaMacPeak, EveryRowOfTheTableIsMetWithinOnePercent) {
  const ValidationRows rows = validateBanks(SearchPath({WATTLAS_DATA_ROOT}));
  EXPECT_GE(rows.size(), 30u);
  for (const ValidationRow& row : rows)
    EXPECT_TRUE(row.pass()) << row.id << ": " << row.ours << " against " << row.reference;
}

TEST(HostLaw, MeasuredPointsAreMet) {
  for (const ValidationRow& row : validateUpmem(SearchPath({WATTLAS_DATA_ROOT})))
    if (row.gated()) {
      EXPECT_TRUE(row.pass()) << row.id << ": " << row.ours << " against " << row.reference;
    }
}

}  // namespace
}  // namespace wattlas::pim
