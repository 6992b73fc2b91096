// Tile loops on the DPU executor: what is known from hardware, and rounds that are not run.
#include <gtest/gtest.h>

#include <random>

#include "pim/upmem/kernels/executed_kernels.h"
#include "pim/upmem/parameters.h"
#include "tests/paths.h"

namespace wattlas::pim {
namespace {

KernelSetting dpu(int tasklets) {
  KernelSetting s;
  s.tasklets = tasklets;
  return s;
}

TileLoop loop(std::int64_t tiles, std::int64_t bytes, std::int64_t instructions) {
  TileLoop l;
  l.tiles = tiles;
  l.tile.reads = bytes > 0 ? 1 : 0;
  l.tile.readBytes = bytes;
  l.tile.instructions = instructions;
  return l;
}

double cyclesOf(const TileLoop& l, int tasklets) {
  return static_cast<double>(measure(l, dpu(tasklets)).cycles);
}

TEST(TileLoops, IssueOnceInElevenCyclesUntilElevenTaskletsFillThePipeline) {
  EXPECT_EQ(cyclesOf(loop(10, 0, 100), 1), 11011);  // `stop` is one more
  EXPECT_NEAR(cyclesOf(loop(110, 0, 100), 11), 11000, 22);
  EXPECT_NEAR(cyclesOf(loop(160, 0, 100), 16), 16000, 32);
}

TEST(TileLoops, AreBoundByTheEngineWhenTransfersAreManyAndHideThemWhenTheyAreFew) {
  EXPECT_NEAR(cyclesOf(loop(1600, 8, 1), 16) / 1600, 44.32, 0.5);  // 40 + 0.54 x 8
  EXPECT_NEAR(cyclesOf(loop(320, 1024, 5000), 16), 320 * 5000.0, 0.02 * 320 * 5000);
  EXPECT_GT(cyclesOf(loop(1, 2048, 0), 1), 1146);  // occupancy above latency
}

TEST(TileLoops, RoundsThatAreNotRunAreWithinAPercentOfThoseThatAre) {
  std::mt19937 random(3);
  const auto in = [&](std::int64_t a, std::int64_t b) {
    return std::uniform_int_distribution<std::int64_t>(a, b)(random);
  };
  int folded = 0;
  for (int i = 0; i < 40; ++i) {
    TileLoop l = loop(in(600, 1500), 8 * in(1, 256), in(60, 4000));
    l.tile.writes = in(0, 1);
    l.tile.writeBytes = 8 * in(1, 64);
    l.tile.reads2 = in(0, 3);
    l.tile.read2Bytes = 8 * in(1, 100);
    const int tasklets = static_cast<int>(in(1, 24));
    const LoopMeasurement quick = measure(l, dpu(tasklets));
    folded += quick.folded > 0 ? 1 : 0;
    KernelSetting every = dpu(tasklets);
    every.allRounds = true;
    const LoopMeasurement all = measure(l, every);
    EXPECT_EQ(all.folded, 0);
    EXPECT_NEAR(static_cast<double>(quick.cycles) / static_cast<double>(all.cycles), 1.0, 0.01)
        << i << ": " << l.tiles << " tiles of " << l.tile.instructions << ", " << tasklets;
    EXPECT_EQ(quick.instructions, all.instructions);
  }
  EXPECT_GT(folded, 20);
}

TEST(TileLoops, AreNeverFasterThanSlotsEngineOrChain) {
  std::mt19937 random(5);
  const auto in = [&](std::int64_t a, std::int64_t b) {
    return std::uniform_int_distribution<std::int64_t>(a, b)(random);
  };
  for (int i = 0; i < 30; ++i) {
    const TileLoop l = loop(in(1000, 10000000), 8 * in(1, 256), in(1, 8000));
    const int tasklets = static_cast<int>(in(1, 24));
    const LoopMeasurement run = measure(l, dpu(tasklets));
    const std::int64_t chain = (l.tile.instructions - 1) * 11 + 77 + l.tile.readBytes / 2;
    EXPECT_GE(run.cycles, run.instructions) << i;
    EXPECT_GE(run.cycles, run.dmaBusy) << i;
    EXPECT_GE(run.cycles, (l.tiles + tasklets - 1) / tasklets * chain) << i;
  }
}

TEST(TileLoops, OfMinutesCostFewEvents) {
  const LoopMeasurement run = measure(loop(1000000000, 1000, 2000), dpu(16));
  EXPECT_NEAR(static_cast<double>(run.cycles), 2e12, 1e-3 * 2e12);
  EXPECT_LT(run.events, 10000);
  EXPECT_GT(run.folded, 0);
}

}  // namespace
}  // namespace wattlas::pim
