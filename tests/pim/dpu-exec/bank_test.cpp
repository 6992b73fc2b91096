// The optional timing of MRAM rows and refresh.
#include <gtest/gtest.h>

#include <cmath>

#include "engines.h"
#include "models/base/config.h"
#include "models/base/error.h"
#include "programs.h"
#include "tests/paths.h"

namespace wattlas::dpu::test {
namespace {

DpuRunOptions detailed(double refreshNs = 0) {
  DpuRunOptions options;
  options.tasklets = 1;
  options.timing.bankDetail = true;
  options.timing.bank.refi = std::llround(1000 * refreshNs);
  return options;
}

/// `count` transfers of `bytes` by one tasklet, `stride` bytes apart.
Program strided(std::uint32_t count, std::uint32_t bytes, std::uint32_t stride,
                bool write = false) {
  Builder b;
  move(b, 0, count);
  move(b, 1, 4096);
  move(b, 2, 0);
  move(b, 3, stride);
  b.label("loop");
  b.add(write ? "SDMArri" : "LDMArri", {.ra = 1, .rb = 2, .imm = bytes / 8 - 1});
  b.add("ADDrrr", {.rc = 2, .ra = 2, .rb = 3});
  b.add("SUBrrici", {.rc = 0, .ra = 0, .imm = 1, .cc = nz, .to = "loop"});
  finish(b);
  return b.build();
}

DpuRunResult runOk(const Program& program, const DpuRunOptions& options) {
  auto result = runDpu(program, options);
  EXPECT_FALSE(result.error) << result.error->text();
  return result;
}

constexpr double kMiss = 2 * 13.33 * 0.35;  // precharge and activation in cycles of 350 MHz

TEST(BankDetail, IsOffByDefaultAndThenRowsCostNothing) {
  DpuRunOptions options;
  options.tasklets = 1;
  EXPECT_FALSE(options.timing.bankDetail);
  EXPECT_EQ(runOk(strided(100, 8, 8), options).cycles,
            runOk(strided(100, 8, 4096), options).cycles);
}

TEST(BankDetail, SmallTransfersWithinARowAreCheaperThanScatteredOnes) {
  const auto near = runOk(strided(100, 8, 8), detailed());
  const auto far = runOk(strided(100, 8, 4096), detailed());
  EXPECT_EQ(near.dma.rowActivations, 1U);
  EXPECT_EQ(near.dma.rowHits, 99U);
  EXPECT_EQ(far.dma.rowActivations, 100U);
  EXPECT_NEAR(static_cast<double>(far.cycles - near.cycles), 99 * kMiss, 100);
}

TEST(BankDetail, ScatteredTransfersTakeTheMeasuredTime) {
  DpuRunOptions measured;
  measured.tasklets = 1;
  for (const std::uint32_t bytes : {8U, 256U, 1024U, 2048U}) {
    for (const bool write : {false, true}) {
      const Program program = strided(2000, bytes, 8192 + 8 * 13, write);
      const auto law = static_cast<double>(runOk(program, measured).cycles);
      const auto with = static_cast<double>(runOk(program, detailed(7800)).cycles);
      EXPECT_NEAR(with / law, 1, 0.02) << bytes << (write ? " write" : " read");
    }
  }
}

TEST(BankDetail, EngineBoundScatteredTransfersTakeTheMeasuredTimeWithRefresh) {
  // 16 tasklets, each in its own megabyte: no transfer finds its row open. Writes hold up what
  // comes after them (recovery), which the measured model of writes contains.
  for (const bool write : {false, true}) {
    for (const std::uint32_t bytes : {8U, 512U}) {
      const Program program = dmaLoop(16, 400, bytes, write);
      DpuRunOptions measured, options = detailed(7800);
      measured.tasklets = options.tasklets = 16;
      const double law = static_cast<double>(runOk(program, measured).cycles);
      // Aligned transfers cross fewer rows than the average that is taken off the slope.
      EXPECT_NEAR(static_cast<double>(runOk(program, options).cycles) / law, 1,
                  bytes == 8 ? 0.01 : 0.02)
          << bytes << write;
    }
  }
}

TEST(BankDetail, LongTransfersOpenEveryRowTheyTouch) {
  const auto aligned = runOk(strided(10, 2048, 4096), detailed());
  EXPECT_EQ(aligned.dma.rowActivations, 20U);
  DpuRunOptions narrow = detailed();
  narrow.timing.mramRowBytes = 256;
  EXPECT_EQ(runOk(strided(10, 2048, 4096), narrow).dma.rowActivations, 80U);
}

TEST(BankDetail, EveryTimeMovesTheResult) {
  const Program program = strided(3000, 8, 4096, true);
  const auto cyclesWith = [&](auto set) {
    DpuRunOptions options = detailed(7800);
    // Fast writes, so that tRAS and tWR bind.
    options.timing.dmaWriteLatency = options.timing.dmaWriteOccupancy = 14;
    options.timing.revolver = 1;
    set(options.timing.bank);
    return runOk(program, options).cycles;
  };
  const auto base = cyclesWith([](dram::Timing&) {});
  EXPECT_GT(cyclesWith([](dram::Timing& t) { t.ras = 400000; }), base);
  EXPECT_GT(cyclesWith([](dram::Timing& t) { t.writeToPrecharge = 300000; }), base);
  EXPECT_NE(cyclesWith([](dram::Timing& t) { t.refi = 3900000; }), base);
  EXPECT_NE(cyclesWith([](dram::Timing& t) { t.rfc = 500000; }), base);
  // What a miss costs is first taken off the model: transfers in one row show it.
  const auto inRow = [](dram::Clock dram::Timing::*time, dram::Clock ps) {
    DpuRunOptions options = detailed();
    options.timing.bank.*time = ps;
    return runOk(strided(100, 8, 8), options).cycles;
  };
  EXPECT_LT(inRow(&dram::Timing::rcdRead, 20000), inRow(&dram::Timing::rcdRead, 13330));
  EXPECT_LT(inRow(&dram::Timing::rp, 20000), inRow(&dram::Timing::rp, 13330));
}

TEST(BankDetail, RefreshClosesTheRowAndHoldsTransfersUp) {
  const auto with = runOk(strided(5000, 8, 0), detailed(7800));
  const double refreshes = static_cast<double>(with.cycles) / (7800 * 0.35);
  EXPECT_NEAR(static_cast<double>(with.dma.rowActivations), refreshes, 2);
  EXPECT_GT(with.dma.refreshWaitCycles, 0);
  EXPECT_EQ(runOk(strided(5000, 8, 0), detailed(0)).dma.rowActivations, 1U);
}

TEST(BankDetail, EnginesAgree) {
  for (const unsigned tasklets : {1U, 7U, 16U}) {
    for (const std::uint32_t bytes : {8U, 1024U}) {
      DpuRunOptions options = detailed(7800);
      options.tasklets = tasklets;
      expectSameInBothEngines(dmaLoop(tasklets, 200, bytes), options, "detail");
      options.timing.registerFile = RegisterFileRule::compat;
      expectSameInBothEngines(dmaLoop(tasklets, 200, bytes, true), options, "detail, compat");
    }
  }
}

TEST(BankDetail, ImpossibleTimesAreRefused) {
  DpuRunOptions options = detailed(200);  // below tRFC
  EXPECT_THROW(runDpu(strided(1, 8, 8), options), InputError);
  options = detailed();
  options.timing.bank.rcdRead = -1;
  EXPECT_THROW(runDpu(strided(1, 8, 8), options), InputError);
}

TEST(TimingFile, GivesTheDefaultsAndReadsEveryKey) {
  const DpuTiming defaults;
  const DpuTiming read =
      readTiming(parseYaml("clock: 400 MHz\nbank: {detail: true, tRFC: 350 ns}\n", "t.yaml"));
  EXPECT_DOUBLE_EQ(read.clockHz, 400e6);
  EXPECT_TRUE(read.bankDetail);
  EXPECT_EQ(read.bank.rfc, 350000);
  EXPECT_EQ(read.bank.rcdRead, defaults.bank.rcdRead);
  EXPECT_EQ(read.dmaReadLatency, defaults.dmaReadLatency);
  EXPECT_THROW(readTiming(parseYaml("bank: {tRXX: 1 ns}\n", "t.yaml")), InputError);
}

TEST(TimingFile, TheOneWithTheConfigurationsHoldsTheDefaults) {
  const std::string file = std::string(wattlas::test::sourceRoot()) + "/configs/dpu/timing.yaml";
  const DpuTiming read = readTiming(parseYaml(readTextFile(file), file));
  const Program program = gemvInt8(3, 2);
  DpuRunOptions built, fromFile;
  fromFile.timing = read;
  EXPECT_EQ(runOk(program, fromFile).cycles, runOk(program, built).cycles);
  EXPECT_DOUBLE_EQ(read.clockHz, built.timing.clockHz);
  EXPECT_EQ(read.bankDetail, built.timing.bankDetail);
  fromFile.timing.bankDetail = built.timing.bankDetail = true;
  EXPECT_EQ(runOk(program, fromFile).cycles, runOk(program, built).cycles);
}

}  // namespace
}  // namespace wattlas::dpu::test
