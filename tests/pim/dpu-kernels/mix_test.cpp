// The compiled-mix kernels have the dynamic instruction mix of the compiled PrIM kernels: held
// before any of their times is compared with hardware.
#include <gtest/gtest.h>

#include "library.h"
#include "pim/dpu/kernels/prim.h"
#include "validation/operator_csv.h"

namespace wattlas::dpu::test {
namespace {

class Mix : public ::testing::TestWithParam<PrimBenchmark> {};

TEST_P(Mix, IsThatOfTheCompiledKernel) {
  const InstructionMix ours = compiledMix(GetParam(), library());
  bool found = false;
  const CsvFile table =
      CsvFile::read(*dataPath().findPart("validation/upmem-mix.csv"), "benchmark", true);
  for (const CsvRecord& r : table.records) {
    if (r.cells[0] != nameOf(GetParam())) continue;
    found = true;
    const auto should = [&](const char* column) {
      return std::stod(r.cells[*table.column(column)]);
    };
    const double total = should("total");
    EXPECT_NEAR(ours.total(), total, 0.01 * total);
    // Every class within 1 % of its own count, or of 0.1 % of the total where it hardly occurs.
    const auto near = [&](const char* what, double is) {
      EXPECT_NEAR(is, should(what), std::max(0.01 * should(what), 0.001 * total)) << what;
    };
    near("loads", ours.loads);
    near("stores", ours.stores);
    near("mul_steps", ours.mulSteps);
    near("branches", ours.branches);
    near("other", ours.other);
    near("dma", ours.dma);
    EXPECT_EQ(ours.divSteps, 0);
  }
  EXPECT_TRUE(found);
}

INSTANTIATE_TEST_SUITE_P(Prim, Mix,
                         ::testing::Values(PrimBenchmark::va, PrimBenchmark::red,
                                           PrimBenchmark::gemv, PrimBenchmark::mlp,
                                           PrimBenchmark::hstS, PrimBenchmark::bs),
                         [](const auto& p) {
                           std::string name = nameOf(p.param);
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace wattlas::dpu::test
