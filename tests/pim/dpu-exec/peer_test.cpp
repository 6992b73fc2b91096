// Cycle counts of public peer simulators and closed forms for loops.
#include <gtest/gtest.h>

#include <cmath>

#include "pim/dpu/exec/issue_port.h"
#include "pim/dpu/exec/machine.h"
#include "programs.h"
#include "reference_engine.h"

namespace wattlas::dpu::test {
namespace {

DpuRunOptions with(RegisterFileRule rule, EngineMode mode = EngineMode::decoupled) {
  DpuRunOptions options;
  options.timing.registerFile = rule;
  options.mode = mode;
  return options;
}

// Peer counts: uPIMulator's C++ back end on the same loops (its register-file rule and pipeline).
struct PeerCount {
  unsigned tasklets;
  bool sameBank;
  double cycles;
};

class Compat : public ::testing::TestWithParam<PeerCount> {};

TEST_P(Compat, GivesThePeersCycles) {
  const auto& p = GetParam();
  const auto result = runDpu(aluLoop(p.tasklets, 2000, p.sameBank), with(RegisterFileRule::compat));
  EXPECT_NEAR(static_cast<double>(result.cycles), p.cycles, 0.001 * p.cycles);
}
INSTANTIATE_TEST_SUITE_P(Loops, Compat,
                         ::testing::Values(PeerCount{1, false, 198047}, PeerCount{8, false, 202131},
                                           PeerCount{11, false, 234159},
                                           PeerCount{16, false, 350172},
                                           PeerCount{16, true, 555151}));

TEST(CompatPort, IssuesAndBlocksInTheCyclesOfTheSteppedPipeline) {
  CompatPipeline stepped;
  CompatPort port(~std::uint64_t{0});
  std::uint64_t state = 5, now = 0, standstills = 0;
  const auto draw = [&state](std::uint64_t below) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % below;
  };
  for (int i = 0; i < 50000; ++i) {
    // The tasklet to issue is ready after some cycles, sometimes at once, and has a random cost.
    const std::uint64_t ready = now + (i % 5 == 0 ? draw(30) : i % 5 == 1 ? draw(3) : 0);
    const auto extra = static_cast<unsigned>(draw(4)) * (i / 100 % 2 == 0 ? 1U : 0U);
    std::uint64_t blocked = 0;
    while (now < ready || !stepped.canIssue()) {
      blocked += stepped.canIssue() ? 0 : 1;
      stepped.tick();
      ++now;
    }
    stepped.issue(extra);
    stepped.tick();
    const std::uint64_t cycle = port.firstIssue(ready);
    ASSERT_EQ(cycle, now) << i;
    ASSERT_EQ(port.takeBlocked(), blocked) << i;
    port.issue(cycle, extra);
    standstills += blocked;
    ++now;
  }
  while (!stepped.empty()) {
    stepped.tick();
    ++now;
  }
  EXPECT_EQ(port.drain(), now);
  EXPECT_GT(standstills, 1000U);
}

TEST(Revolver, OneTaskletNeedsElevenCyclesAnInstruction) {
  const auto result = runDpu(aluLoop(1, 500), with(RegisterFileRule::none));
  EXPECT_EQ(result.cycles, 11 * result.instructions);
}

TEST(Revolver, ElevenTaskletsAndMoreIssueInEveryCycle) {
  for (const unsigned tasklets : {11U, 12U, 16U, 24U}) {
    const auto result = runDpu(aluLoop(tasklets, 20000), with(RegisterFileRule::none));
    EXPECT_GE(result.ipc, 0.999) << tasklets;
    EXPECT_LE(result.ipc, 1.0) << tasklets;
  }
}

TEST(Revolver, BelowElevenTaskletsThroughputIsTheirNumberOverEleven) {
  const auto result = runDpu(aluLoop(4, 20000), with(RegisterFileRule::none));
  EXPECT_NEAR(result.ipc, 4.0 / 11.0, 1e-3);
}

TEST(SameBank, CostsOneIssueSlotForEveryPairOfSources) {
  // 8 of 9 instructions read r2 and r4.
  const auto result = runDpu(aluLoop(16, 2000, true), with(RegisterFileRule::sameBank));
  EXPECT_NEAR(result.ipc, 9.0 / 17.0, 1e-3);
  const auto free = runDpu(aluLoop(16, 2000), with(RegisterFileRule::sameBank));
  EXPECT_GE(free.ipc, 0.99);
}

TEST(Statistics, CyclesAreIssuesPlusStalls) {
  for (const auto rule :
       {RegisterFileRule::none, RegisterFileRule::sameBank, RegisterFileRule::compat}) {
    for (const unsigned tasklets : {1U, 7U, 16U}) {
      const auto r = runDpu(gemvInt8(tasklets, 2), with(rule));
      EXPECT_EQ(r.cycles, r.instructions + r.stalls.revolver + r.stalls.dma +
                              r.stalls.registerFile + r.stalls.drain)
          << nameOf(rule) << " " << tasklets;
    }
  }
}

TEST(Statistics, MixCountsEveryInstructionOnce) {
  const auto r = runDpu(gemvInt8(16, 3), with(RegisterFileRule::none));
  std::uint64_t sum = 0;
  for (const auto& [name, n] : r.instructionMix) sum += n;
  EXPECT_EQ(sum, r.instructions);
  EXPECT_EQ(r.instructionMix.at("mul_sl_sl"), 16U * 3 * 1024);
  EXPECT_EQ(r.instructionMix.at("ldma"), 16U * 3 * 2);
  EXPECT_EQ(r.dma.reads, 16U * 3 * 2);
  EXPECT_EQ(r.dma.bytes(), 16U * 3 * 2 * 1024);
}

}  // namespace
}  // namespace wattlas::dpu::test
