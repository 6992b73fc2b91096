// The decoupled engine against cycle-by-cycle execution: cycles, memories and statistics are equal
// for programs without data races.
#include <gtest/gtest.h>

#include "engines.h"
#include "pim/dpu/exec/runtime.h"
#include "programs.h"
#include "random_programs.h"

namespace wattlas::dpu::test {
namespace {

class Tasklets : public ::testing::TestWithParam<unsigned> {};

TEST_P(Tasklets, RandomProgramsTakeTheSameCyclesInBothEngines) {
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    RandomShape shape;
    shape.tasklets = GetParam();
    shape.boots = seed % 2 != 0;
    DpuRunOptions options;
    options.tasklets = GetParam();
    options.maxCycles = 3000000;
    expectSameInBothEngines(randomProgram(seed * 100 + GetParam(), shape), options,
                            "seed " + std::to_string(seed));
  }
}
INSTANTIATE_TEST_SUITE_P(OneToAll, Tasklets, ::testing::Range(1U, 25U));

TEST(RunAhead, ItsLengthDoesNotChangeTheResult) {
  RandomShape shape;
  shape.tasklets = 13;
  const Program program = randomProgram(77, shape);
  DpuRunOptions options;
  options.tasklets = 13;
  const auto base = runDpu(program, options);
  for (const std::uint32_t length : {1U, 2U, 7U, 100U, 100000U}) {
    options.runAhead = length;
    EXPECT_EQ(runDpu(program, options).cycles, base.cycles) << length;
  }
}

TEST(RunAhead, LoopsThatCountDownEndWhenAndWhereSingleStepsDo) {
  Builder b;
  bootChain(b, 13);
  b.add("LSLrri", {.rc = 1, .ra = kId, .imm = 9});
  for (const std::int64_t rounds : {1, 2, 3, 4095, 4096, 4097, 10000}) {
    const std::string loop = "loop" + std::to_string(rounds);
    b.add("ADDrri", {.rc = 0, .ra = 1, .imm = rounds});
    b.label(loop);
    b.add("SUBrrici", {.rc = 0, .ra = 0, .imm = 1, .cc = nz, .to = loop});
    b.add("ADDCrrr", {.rc = 2, .ra = 2, .rb = 1});  // the carry that the last round leaves
  }
  finish(b);
  DpuRunOptions options;
  options.tasklets = 13;
  for (const std::uint32_t length : {1U, 2U, 4096U, 100000U}) {
    options.runAhead = length;
    expectSameInBothEngines(b.build(), options, "run ahead " + std::to_string(length));
  }
}

TEST(Rules, ReplayEqualsLockstepUnderEveryRuleAndArbiter) {
  for (const auto rule :
       {RegisterFileRule::none, RegisterFileRule::sameBank, RegisterFileRule::compat}) {
    for (const auto arbiter : {Arbiter::oldestReady, Arbiter::roundRobin}) {
      for (const unsigned tasklets : {1U, 5U, 11U, 16U, 24U}) {
        for (std::uint64_t seed = 0; seed < 4; ++seed) {
          RandomShape shape;
          shape.tasklets = tasklets;
          shape.segments = 8;
          DpuRunOptions options;
          options.tasklets = tasklets;
          options.timing.registerFile = rule;
          options.timing.arbiter = arbiter;
          options.maxCycles = 3000000;
          expectSameInBothEngines(randomProgram(seed, shape), options,
                                  nameOf(rule) + " " + nameOf(arbiter) + " " +
                                      std::to_string(tasklets) + " seed " + std::to_string(seed));
        }
      }
    }
  }
}

TEST(Jumps, FixedProgramsAgreeToo) {
  for (const unsigned tasklets : {1U, 3U, 10U, 11U, 12U, 24U}) {
    DpuRunOptions options;
    options.tasklets = tasklets;
    expectSameInBothEngines(aluLoop(tasklets, 333), options, "alu");
    expectSameInBothEngines(gemvInt8(tasklets, 2), options, "gemv");
    expectSameInBothEngines(dmaLoop(tasklets, 60, 8), options, "dma 8");
    expectSameInBothEngines(dmaLoop(tasklets, 30, 2048, true), options, "dma 2048 writes");
  }
}

TEST(Jumps, RevolverAndWakeLatencyOtherThanElevenAgreeToo) {
  for (const int revolver : {1, 4, 14}) {
    for (const int wake : {1, 20}) {
      RandomShape shape;
      shape.tasklets = 9;
      DpuRunOptions options;
      options.tasklets = 9;
      options.timing.revolver = revolver;
      options.timing.wakeLatency = wake;
      expectSameInBothEngines(randomProgram(5, shape), options, std::to_string(revolver));
    }
  }
}

TEST(Notes, RacesAndTracesRunInLockstepAndSaySo) {
  DpuRunOptions options;
  options.tasklets = 3;
  std::uint64_t traced = 0;
  options.trace = [&](const TraceEvent&) { ++traced; };
  const auto result = runDpu(aluLoop(3, 10), options);
  EXPECT_EQ(result.mode, "lockstep");
  EXPECT_EQ(traced, result.instructions);
  ASSERT_EQ(result.notes.size(), 1U);
}

TEST(RaceCheck, RandomProgramsAreFreeOfRaces) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    RandomShape shape;
    DpuRunOptions options;
    options.tasklets = shape.tasklets;
    options.raceCheck = true;
    const auto result = runDpu(randomProgram(seed, shape), options);
    EXPECT_FALSE(result.error);
    EXPECT_TRUE(result.races.empty())
        << result.races[0].firstSymbol << " / " << result.races[0].secondSymbol;
  }
}

TEST(RaceCheck, UnguardedSharingIsReportedByProgramCounter) {
  Builder b;
  b.add("LWerri", {.rc = 1, .ra = kZero, .off = 256});
  b.add("ADDrri", {.rc = 1, .ra = 1, .imm = 1});
  b.add("SWerir", {.ra = kZero, .rb = 1, .off = 256});
  finish(b);
  DpuRunOptions options;
  options.tasklets = 2;
  options.raceCheck = true;
  const auto result = runDpu(b.build(), options);
  ASSERT_FALSE(result.races.empty());
  bool writeWrite = false, readWrite = false;
  for (const auto& race : result.races) {
    EXPECT_EQ(race.address, 256U);
    writeWrite |= race.firstPc == 2 && race.secondPc == 2;
    readWrite |= race.firstPc == 0 && race.secondPc == 2;
  }
  EXPECT_TRUE(writeWrite);
  EXPECT_TRUE(readWrite);
}

}  // namespace
}  // namespace wattlas::dpu::test
