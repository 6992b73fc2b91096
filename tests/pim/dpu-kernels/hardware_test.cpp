// The comparison with hardware: what is folded, and what its fitted parameters cannot hide.
#include <gtest/gtest.h>

#include "library.h"
#include "pim/dpu/exec/timing.h"
#include "pim/dpu/kernels/prim.h"

namespace wattlas::dpu::test {
namespace {

using enum PrimBenchmark;

std::uint64_t cycles(PrimBenchmark benchmark, std::uint64_t parameter, unsigned dpus, unsigned dpu,
                     const DpuRunOptions& options = {}) {
  PrimShare share;
  share.benchmark = benchmark;
  share.parameter = parameter;
  share.dpus = dpus;
  share.dpu = dpu;
  const PrimRun run = runPrim(share, library(), options);
  EXPECT_EQ(run.problem, "");
  return run.result.cycles;
}

TEST(FoldedDpus, OfBinarySearchTheFirstOrLastIsTheSlowest) {
  std::uint64_t slowest = 0;
  for (unsigned dpu = 0; dpu < 8; ++dpu) slowest = std::max(slowest, cycles(bs, 32768, 8, dpu));
  EXPECT_EQ(slowest, std::max(cycles(bs, 32768, 8, 0), cycles(bs, 32768, 8, 7)));
}

TEST(Launch, InARowPaysTheHandOverOfBanksOnce) {
  const LaunchModel m{100e-6, 0.4, 0, 1.0};
  EXPECT_DOUBLE_EQ(m.time(1e-3), 1.1e-3);
  EXPECT_DOUBLE_EQ(m.time(1e-3, 2), 2.14e-3);
  EXPECT_DOUBLE_EQ(m.time(1e-3, 2, true), 2.2e-3);
}

TEST(TaskletPoints, FewTaskletsThatStartFarApartDoNotMeetAtTheEngine) {
  // Tasklets that start together queue behind one another in every block for ever.
  PrimShare share;
  share.parameter = 262144;
  const auto at = [&](unsigned tasklets, KernelBuild build) {
    share.tasklets = tasklets;
    share.build = build;
    return static_cast<double>(runPrim(share, library()).result.cycles) * tasklets;
  };
  using enum KernelBuild;
  EXPECT_GT(at(4, compiled) / at(1, compiled), 1.03);
  EXPECT_LT(at(4, apart) / at(1, apart), 1.01);
}

TEST(Fit, DoesNotDetermineTheEngineOccupancy) {
  // Why the third parameter is not fitted: the kernels that the fit may see are bound by issue.
  DpuRunOptions half;
  half.timing.dmaReadOccupancy /= 2;
  half.timing.dmaWriteOccupancy /= 2;
  half.timing.dmaOccupancyPerByte /= 2;
  for (const auto& [benchmark, parameter] :
       {std::pair{gemv, 1024U}, std::pair{red, 131072U}, std::pair{hstS, 65536U}}) {
    const auto with = static_cast<double>(cycles(benchmark, parameter, 1, 0));
    EXPECT_NEAR(static_cast<double>(cycles(benchmark, parameter, 1, 0, half)) / with, 1, 0.02);
  }
  // Binary search, which the fit does not see, is bound by the engine.
  const auto with = static_cast<double>(cycles(bs, 16384, 8, 0));
  EXPECT_LT(static_cast<double>(cycles(bs, 16384, 8, 0, half)), 0.6 * with);
}

}  // namespace
}  // namespace wattlas::dpu::test
