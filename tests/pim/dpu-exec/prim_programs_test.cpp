// Benchmarks with handshakes, barriers, locks held over transfers, indirect calls, software floats
// and irregular access, in the shape that a compiler gives them.
#include "prim_programs.h"

#include <gtest/gtest.h>

#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu::test {
namespace {

const std::vector<PrimProgram>& all() {
  static const auto programs = primPrograms();
  return programs;
}

DpuRunOptions limited() {
  DpuRunOptions options;
  options.maxCycles = 50000000;
  options.dmaAlignment = DmaAlignment::hardware;
  return options;
}

class PrimPrograms : public ::testing::TestWithParam<std::tuple<std::size_t, unsigned>> {};

TEST_P(PrimPrograms, GiveTheSameResultsCyclesAndStatisticsInBothEngines) {
  const auto& [index, tasklets] = GetParam();
  const PrimProgram& program = all()[index];
  const Program assembled = assembledPrim(program.name, tasklets);
  for (const auto rule :
       {RegisterFileRule::none, RegisterFileRule::sameBank, RegisterFileRule::compat}) {
    const DpuRunResult result = expectRightInBothEngines(program, assembled, rule);
    EXPECT_EQ(result.tasklets.size(), tasklets);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, PrimPrograms,
                         ::testing::Combine(::testing::Range(std::size_t{0}, std::size_t{10}),
                                            ::testing::Values(1U, 2U, 3U, 8U, 11U, 12U, 16U, 24U)),
                         [](const auto& p) {
                           std::string name = all()[std::get<0>(p.param)].name;
                           std::erase(name, '-');
                           return name + "T" + std::to_string(std::get<1>(p.param));
                         });

TEST(PrimProgramSet, HasNoDataRaces) {
  for (const auto& program : all()) {
    DpuMachine machine(assembledPrim(program.name, 13));
    program.feed(machine);
    DpuRunOptions options = limited();
    options.raceCheck = true;
    const auto result = machine.run(options);
    ASSERT_FALSE(result.error) << program.name << ": " << result.error->text();
    EXPECT_EQ(program.check(machine), "") << program.name;
    EXPECT_TRUE(result.races.empty()) << program.name << ": " << result.races[0].firstSymbol
                                      << " and " << result.races[0].secondSymbol;
  }
}

TEST(PrimProgramSet, RunsUnderEveryArbiterRevolverAndBankTiming) {
  for (const auto& program : all()) {
    const Program assembled = assembledPrim(program.name, 14);
    for (const int revolver : {5, 14}) {
      DpuRunOptions options = limited();
      options.timing.revolver = revolver;
      options.timing.arbiter = Arbiter::roundRobin;
      options.timing.bankDetail = true;
      DpuMachine fast(assembled), exact(assembled);
      program.feed(fast);
      program.feed(exact);
      const auto a = fast.run(options);
      options.mode = EngineMode::lockstep;
      const auto b = exact.run(options);
      ASSERT_FALSE(a.error) << program.name << ": " << a.error->text();
      EXPECT_EQ(a.cycles, b.cycles) << program.name;
      EXPECT_EQ(program.check(fast), "") << program.name;
    }
  }
}

TEST(PrimProgramSet, AContendedLockCostsWhatTheCriticalSectionIssuesTimesTheRunningTasklets) {
  // HST-L with 16 tasklets: everyone wants one lock, the waiting ones take issue slots. From the
  // acquire that succeeds to the release 5 instructions are issued, 16 cycles apart.
  const PrimProgram& program = all()[4];
  ASSERT_EQ(program.name, "hst-l");
  DpuMachine machine(assembledPrim(program.name, 16));
  program.feed(machine);
  const auto result = machine.run(limited());
  std::uint64_t retries = 0;
  for (const auto& t : result.tasklets) retries += t.syncRetries;
  EXPECT_GT(retries, 2 * 500U);
  EXPECT_GT(result.ipc, 0.85);
  EXPECT_GT(result.cycles, 500U * 5 * 16);
}

TEST(PrimProgramSet, TwoInstructionsFewerInsideALockSaveThemForEveryWaitingTasklet) {
  const PrimProgram& program = all()[4];
  const auto cycles = [&](const Defines& defines) {
    const Program assembled = assembledPrim(program.name, 16, "prim", defines);
    expectRightInBothEngines(program, assembled, RegisterFileRule::none);
    DpuMachine machine(assembled);
    program.feed(machine);
    return static_cast<double>(machine.run(limited()).cycles);
  };
  const double saved = cycles({{"ADDRESS_INSIDE", 1}}) - cycles({});
  EXPECT_NEAR(saved, 500.0 * 2 * 16, 0.25 * 500 * 2 * 16);
}

TEST(PrimProgramSet, TheAdditionOfVectorsIssuesTenInstructionsAnElement) {
  for (const unsigned tasklets : {1U, 8U, 16U})
    expectRightInBothEngines(vectorAddition(), assembledPrim("va", tasklets),
                             RegisterFileRule::none);
  const auto issued = [](unsigned scale) {
    const PrimProgram program = vectorAddition(scale);
    DpuMachine machine(assembledPrim("va", 16));
    program.feed(machine);
    return static_cast<double>(machine.run(limited()).instructions);
  };
  // A block of 32 elements has 23 instructions and three calls of five around its loop.
  const double each = (issued(9) - issued(1)) / 8000;
  EXPECT_NEAR(each, 10 + 40.0 / 32, 0.4);
}

TEST(DmaAlignment, LowBitsCountAsOnHardwareOnlyWhereThatIsAskedFor) {
  const PrimProgram& program = all()[5];
  ASSERT_EQ(program.name, "trns");
  const Program assembled = assembledPrim(program.name, 4);
  const auto run = [&](const Program& what, DmaAlignment alignment) {
    DpuMachine machine(what);
    program.feed(machine);
    DpuRunOptions options = limited();
    options.dmaAlignment = alignment;
    return machine.run(options);
  };
  const auto source = run(assembled, DmaAlignment::automatic);
  ASSERT_TRUE(source.error);
  EXPECT_EQ(source.error->kind, RunErrorKind::dmaAlignment);
  EXPECT_NE(source.error->text().find("mram_read+3"), std::string::npos) << source.error->text();
  EXPECT_TRUE(run(assembled, DmaAlignment::check).error);
  EXPECT_FALSE(run(assembled, DmaAlignment::hardware).error);
  // An executable with the run-time's symbols is a compiled program, which may rely on it.
  const Program executable = loadElf(elfImage(assembled), "trns.elf");
  ASSERT_TRUE(executable.vendorRuntime);
  const auto compiled = run(executable, DmaAlignment::automatic);
  ASSERT_FALSE(compiled.error) << compiled.error->text();
  ASSERT_FALSE(compiled.notes.empty());
  EXPECT_NE(compiled.notes[0].find("no multiple of 8"), std::string::npos);
  EXPECT_TRUE(run(executable, DmaAlignment::check).error);
}

}  // namespace
}  // namespace wattlas::dpu::test
