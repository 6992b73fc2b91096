// Do the held-out kernel times stay within what docs and known gaps say?
#include "gpu/validation.h"

#include <gtest/gtest.h>

#include "tests/paths.h"

namespace wattlas {
namespace {

TEST(GpuValidation, MatrixProductsBeatTheFittedRoofline) {
  int seen = 0;
  for (const ValidationRow& row : gpuValidationRows(SearchPath({test::sourceRoot()}))) {
    RecordProperty(row.id, std::to_string(row.ours));
    std::printf("%-45s %5.1f %%  roofline %5.1f %%  gate %2.0f %%\n", row.id.c_str(),
                100 * row.ours, 100 * row.reference, 100 * row.gate);
    EXPECT_LT(row.ours, 0.30) << row.id;
    if (row.id.find("gemm") == std::string::npos) continue;
    ++seen;
    EXPECT_LT(row.ours, row.reference) << row.id;
    EXPECT_LT(row.ours, 0.105) << row.id;
  }
  EXPECT_EQ(seen, 10);
}

}  // namespace
}  // namespace wattlas
