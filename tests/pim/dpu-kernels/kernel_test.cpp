// Every kernel computes what the same loop in C++ computes, for any number of tasklets and for
// sizes that do not divide evenly.
#include <gtest/gtest.h>

#include "library.h"
#include "models/base/error.h"
#include "models/base/random.h"
#include "pim/dpu/kernels/prim.h"

namespace wattlas::dpu::test {
namespace {

using enum PrimBenchmark;

PrimShare share(PrimBenchmark benchmark, std::uint64_t parameter, bool tuned,
                unsigned tasklets = 16) {
  PrimShare s;
  s.benchmark = benchmark;
  s.parameter = parameter;
  s.build = tuned ? KernelBuild::tuned : KernelBuild::compiled;
  s.tasklets = tasklets;
  return s;
}

struct Case {
  PrimBenchmark benchmark;
  std::uint64_t parameter;
};

class Kernel : public ::testing::TestWithParam<std::tuple<Case, bool, unsigned>> {};

TEST_P(Kernel, GivesTheResultOfTheSameLoopInCpp) {
  const auto& [c, tuned, tasklets] = GetParam();
  EXPECT_EQ(runPrim(share(c.benchmark, c.parameter, tuned, tasklets), library()).problem, "");
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, Kernel,
    ::testing::Combine(::testing::Values(Case{va, 8192}, Case{va, 4101}, Case{red, 4096},
                                         Case{red, 2051}, Case{red, 3}, Case{hstS, 8192},
                                         Case{hstS, 4098}, Case{gemv, 64}, Case{gemv, 38},
                                         Case{mlp, 512}, Case{mlp, 256}, Case{bs, 2048},
                                         Case{bs, 4096}),
                       ::testing::Bool(), ::testing::Values(1U, 3U, 16U, 24U)),
    [](const auto& p) {
      std::string name = nameOf(std::get<0>(p.param).benchmark);
      std::erase(name, '-');
      return name + std::to_string(std::get<0>(p.param).parameter) +
             (std::get<1>(p.param) ? "Tuned" : "Compiled") + "T" +
             std::to_string(std::get<2>(p.param));
    });

TEST(KernelCheck, NoticesARunThatDidNotEnd) {
  DpuRunOptions options;
  options.maxCycles = 5000;
  const PrimRun cut = runPrim(share(va, 65536, false), library(), options);
  EXPECT_NE(cut.problem, "");
}

TEST(TunedKernels, AreFasterThanTheCompiledOnes) {
  const auto ratio = [](PrimBenchmark benchmark, std::uint64_t parameter) {
    const auto compiled = runPrim(share(benchmark, parameter, false), library());
    const auto tuned = runPrim(share(benchmark, parameter, true), library());
    return static_cast<double>(compiled.result.cycles) / static_cast<double>(tuned.result.cycles);
  };
  EXPECT_GT(ratio(va, 65536), 1.15);  // both near the DMA engine's limit of 6.9 cycles an element
  EXPECT_GT(ratio(red, 65536), 1.6);
  EXPECT_GT(ratio(hstS, 65536), 4);
  EXPECT_GT(ratio(gemv, 512), 5);
  EXPECT_GT(ratio(mlp, 512), 7);
  EXPECT_GT(ratio(bs, 16384), 5);
}

class MatrixKernel : public ::testing::TestWithParam<const char*> {};

TEST_P(MatrixKernel, MultipliesAllUint32Values) {
  // Small, wide and zero elements in turn: the way through the 8-bit multiplications and around it.
  constexpr std::uint32_t rows = 12, columns = 256, xAt = 1 << 20, yAt = 2 << 20;
  Random random(11);
  std::vector<std::uint32_t> a(rows * columns), x(columns);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const unsigned shift = i / (2 * columns) % 3 == 0 ? 24 : 0;
    a[i] = random.below(3) == 0 ? 0 : static_cast<std::uint32_t>(random.next()) >> shift;
  }
  for (auto& v : x) v = static_cast<std::uint32_t>(random.below(256));
  DpuMachine machine(library().program(GetParam(), 4));
  const auto bytes = [](const std::vector<std::uint32_t>& v) {
    return std::span(reinterpret_cast<const std::uint8_t*>(v.data()), 4 * v.size());
  };
  machine.writeMram(0, bytes(a));
  machine.writeMram(xAt, bytes(x));
  machine.writeSymbol("args", bytes({columns, 0, xAt, yAt, 1, 2}));
  DpuRunOptions options;
  options.tasklets = 4;
  const auto result = machine.run(options);
  ASSERT_FALSE(result.error) << result.error->text();
  std::vector<std::uint32_t> y(rows);
  machine.readMram(yAt, {reinterpret_cast<std::uint8_t*>(y.data()), 4 * y.size()});
  for (std::size_t i = 0; i < rows; ++i) {
    std::uint32_t expected = 0;
    for (std::size_t j = 0; j < columns; ++j) expected += a[i * columns + j] * x[j];
    EXPECT_EQ(y[i], expected) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, MatrixKernel,
                         ::testing::Values("gemv-compiled", "gemv-tuned", "mlp-tuned"),
                         [](const auto& p) {
                           std::string name = p.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(Shares, ThatDoNotFitAreRefused) {
  EXPECT_THROW(runPrim(share(mlp, 64, true), library()), InputError);
  EXPECT_THROW(runPrim(share(gemv, 63, false), library()), InputError);
  EXPECT_THROW(runPrim(share(mlp, 300, false), library()), InputError);
  EXPECT_THROW(runPrim(share(bs, 3000, false), library()), InputError);
  EXPECT_THROW(runPrim(share(va, 100'000'000, false), library()), InputError);
  EXPECT_THROW(runPrim(share(va, 64, false, 25), library()), InputError);
  EXPECT_THROW(library().program("no-such-kernel", 16), InputError);
  EXPECT_THROW(primBenchmark("va"), InputError);
}

TEST(Kernels, HaveNoDataRaces) {
  for (const bool tuned : {false, true}) {
    for (const auto& [benchmark, parameter] : {Case{va, 4096}, Case{red, 2048}, Case{hstS, 4096},
                                               Case{gemv, 64}, Case{mlp, 256}, Case{bs, 2048}}) {
      DpuRunOptions options;
      options.raceCheck = true;
      const PrimRun run = runPrim(share(benchmark, parameter, tuned), library(), options);
      EXPECT_EQ(run.problem, "");
      EXPECT_TRUE(run.result.races.empty()) << nameOf(benchmark) << (tuned ? " tuned" : "");
    }
  }
}

TEST(Kernels, TakeEqualCyclesInBothEngines) {
  for (const auto& [benchmark, parameter] :
       {Case{red, 2048}, Case{hstS, 4096}, Case{gemv, 64}, Case{bs, 2048}}) {
    DpuRunOptions options;
    const auto fast = runPrim(share(benchmark, parameter, false), library(), options);
    options.mode = EngineMode::lockstep;
    const auto slow = runPrim(share(benchmark, parameter, false), library(), options);
    EXPECT_EQ(fast.result.mode, "decoupled");
    EXPECT_EQ(fast.result.cycles, slow.result.cycles) << nameOf(benchmark);
  }
}

}  // namespace
}  // namespace wattlas::dpu::test
