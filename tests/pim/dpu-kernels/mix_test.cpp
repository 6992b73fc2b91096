// The compiled-mix kernels have the dynamic instruction mix of the compiled PrIM kernels: held
// before any of their times is compared with hardware.
#include <gtest/gtest.h>

#include "library.h"
#include "pim/dpu/kernels/csv.h"
#include "pim/dpu/kernels/prim.h"

namespace wattlas::dpu::test {
namespace {

class Mix : public ::testing::TestWithParam<PrimBenchmark> {};

TEST_P(Mix, IsThatOfTheCompiledKernel) {
  const InstructionMix ours = compiledMix(GetParam(), library());
  bool found = false;
  for (const auto& r : readTable(dataPath(), "validation/upmem-mix.csv", 8)) {
    if (r[0] != nameOf(GetParam())) continue;
    found = true;
    const double total = numberOf(r[1]);
    EXPECT_NEAR(ours.total(), total, 0.01 * total);
    // Every class within 1 % of its own count, or of 0.1 % of the total where it hardly occurs.
    const auto near = [&](const char* what, double is, double should) {
      EXPECT_NEAR(is, should, std::max(0.01 * should, 0.001 * total)) << what;
    };
    near("loads", ours.loads, numberOf(r[2]));
    near("stores", ours.stores, numberOf(r[3]));
    near("mul_steps", ours.mulSteps, numberOf(r[4]));
    near("branches", ours.branches, numberOf(r[5]));
    near("other", ours.other, numberOf(r[6]));
    near("dma", ours.dma, numberOf(r[7]));
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
