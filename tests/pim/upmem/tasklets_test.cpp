// Tasklets sharing issue slots and the DMA engine: models known from hardware, and the fold.
#include "pim/upmem/sim/tasklets.h"

#include <gtest/gtest.h>

#include <random>

namespace wattlas::pim {
namespace {

DpuParams dpu(std::int64_t tasklets) {
  DpuParams d;
  d.tasklets = tasklets;
  d.dma.readLatency = Ratio(77);
  d.dma.writeLatency = Ratio(61);
  d.dma.perByte = Ratio(0.5);
  d.dma.readOccupancy = Ratio(40);
  d.dma.writeOccupancy = Ratio(32);
  d.dma.occupancyPerByte = Ratio(0.54);
  return d;
}

TileLoop loop(std::int64_t tiles, std::int64_t bytes, std::int64_t instructions) {
  TileLoop l;
  l.tiles = tiles;
  l.tile.reads = bytes > 0 ? 1 : 0;
  l.tile.readBytes = bytes;
  l.tile.instructions = instructions;
  return l;
}

TEST(Tasklets, OneTaskletIssuesEveryEleventhCycle) {
  EXPECT_EQ(runLoop(loop(10, 0, 100), dpu(1), false).cycles, 11000);
}

TEST(Tasklets, ElevenOrMoreFillThePipeline) {
  EXPECT_EQ(runLoop(loop(110, 0, 100), dpu(11), false).cycles, 11000);
  EXPECT_EQ(runLoop(loop(160, 0, 100), dpu(16), false).cycles, 16000);
}

TEST(Tasklets, OneTaskletPaysTheWholeLatency) {
  EXPECT_EQ(runLoop(loop(1, 2048, 0), dpu(1), false).cycles, 1146);  // occupancy above latency
  EXPECT_EQ(runLoop(loop(1, 8, 0), dpu(1), false).cycles, 81);
}

TEST(Tasklets, ManyTaskletsAreBoundByTheEngine) {
  const LoopRun run = runLoop(loop(1600, 8, 1), dpu(16), false);
  EXPECT_NEAR(static_cast<double>(run.cycles) / 1600, 44.0, 0.5);  // 40 + 0.54 x 8
  EXPECT_EQ(run.dmaBusy, 1600 * 44);
}

TEST(Tasklets, ComputeHidesTransfers) {
  const LoopRun run = runLoop(loop(320, 1024, 5000), dpu(16), false);
  EXPECT_NEAR(static_cast<double>(run.cycles), 320 * 5000.0, 0.02 * 320 * 5000);
}

TEST(Tasklets, FoldedEqualsUnfolded) {
  std::mt19937 random(3);
  const auto in = [&](std::int64_t a, std::int64_t b) {
    return std::uniform_int_distribution<std::int64_t>(a, b)(random);
  };
  for (int i = 0; i < 40; ++i) {
    TileLoop l = loop(in(1, 3000), 8 * in(1, 256), in(1, 8000));
    l.tile.writes = in(0, 1);
    l.tile.writeBytes = 8 * in(1, 64);
    const DpuParams d = dpu(in(1, 24));
    const LoopRun a = runLoop(l, d, true), b = runLoop(l, d, false);
    EXPECT_NEAR(static_cast<double>(a.cycles) / static_cast<double>(b.cycles), 1.0, 1e-3) << i;
    EXPECT_EQ(a.instructions, b.instructions) << i;
    EXPECT_EQ(a.dmaBusy, b.dmaBusy) << i;
    EXPECT_EQ(b.folded, 0);
  }
}

TEST(Tasklets, NeverFasterThanSlotsEngineOrChainOverManyPeriods) {
  std::mt19937 random(5);
  const auto in = [&](std::int64_t a, std::int64_t b) {
    return std::uniform_int_distribution<std::int64_t>(a, b)(random);
  };
  for (int i = 0; i < 60; ++i) {
    const TileLoop l = loop(in(1000, 10000000), 8 * in(1, 256), in(1, 8000));
    const DpuParams d = dpu(in(1, 24));
    const LoopRun run = runLoop(l, d, true);
    const std::int64_t chain =
        l.tile.instructions * 11 + d.dma.latency(false, l.tile.readBytes, l.tile.reads);
    EXPECT_GE(run.cycles, run.instructions) << i;
    EXPECT_GE(run.cycles, run.dmaBusy) << i;
    EXPECT_GE(run.cycles, (l.tiles + d.tasklets - 1) / d.tasklets * chain) << i;
  }
}

TEST(Tasklets, ALoopOfMinutesEnds) {
  // 2e12 cycles: a double counts them to a quarter of a thousandth only.
  const LoopRun run = runLoop(loop(1000000000, 1001, 2000), dpu(16), true);
  EXPECT_NEAR(static_cast<double>(run.cycles), 2e12, 1e-6 * 2e12);
  EXPECT_LT(run.steps, 20000);
}

TEST(Tasklets, LongLoopsCostFewSteps) {
  const LoopRun run = runLoop(loop(1000000, 1024, 7000), dpu(16), true);
  EXPECT_LT(run.steps, 10000);
  EXPECT_GT(run.folded, 0);
  EXPECT_EQ(run.instructions, 7000000000);
}

TEST(Tasklets, ShortLoopsAreNotFolded) {
  EXPECT_EQ(runLoop(loop(20, 1024, 7000), dpu(16), true).folded, 0);
}

TEST(Tasklets, LongTilesFoldToo) {
  // Many vectors against weights of which neither stays in WRAM: 131,072 tiles of a 4096 x 4096
  // product with 128 vectors.
  for (const std::int64_t instructions : {20000LL, 46000LL, 110000LL}) {
    TileLoop l = loop(4096, 1016, instructions);
    l.tile.reads2 = 16;
    l.tile.read2Bytes = 1016;
    const LoopRun folded = runLoop(l, dpu(16), true), all = runLoop(l, dpu(16), false);
    EXPECT_NEAR(static_cast<double>(folded.cycles) / static_cast<double>(all.cycles), 1.0, 1e-3);
    EXPECT_EQ(folded.instructions, all.instructions);
    l.tiles = 131072;
    EXPECT_LT(runLoop(l, dpu(16), true).steps, 10000) << instructions;
  }
}

}  // namespace
}  // namespace wattlas::pim
