// Arrangements of the units: error correction, accumulators, lock-step, caps of a chip, two
// subarrays, area, temperature.
#include <gtest/gtest.h>

#include "models/dram/command_log.h"
#include "pim/bank/bank_run.h"

namespace wattlas::pim {
namespace {

BankTiming timing() {
  BankTiming t;
  t.tRCD = Seconds(13.328e-9);
  t.tRP = Seconds(13.328e-9);
  t.tRAS = Seconds(32.487e-9);
  t.tRTP = Seconds(7.5e-9);
  t.tRFC = Seconds(260e-9);
  t.tREFI = Seconds(7800e-9);
  t.rowBits = Bits(8192);
  return t;
}

SaMacParams units(double width = 256) {
  SaMacParams m;
  m.lanes = static_cast<std::int64_t>(width) / 8;
  m.width = Bits(width);
  m.macIssue = Seconds(5e-9);
  m.bitTime = Seconds(2.5e-9);
  m.inputWrite = Ratio(3);
  m.accumulatorRead = Ratio(3);
  m.rowCommand = Ratio(2);
  m.ecc.latency = Seconds(2e-9);
  m.area.lane = SquareMm(130e-6);
  m.area.registerBit = SquareMm(2e-6);
  m.area.bufferBit = SquareMm(0.2e-6);
  m.area.dramPenalty = Ratio(10);
  m.area.wiring = Ratio(0.5);
  m.area.bankShare = Ratio(0.6);
  m.ecc.area = SquareMm(6e-6);
  return m;
}

/// A DPU that never holds the bank up.
IssueRate fast() {
  return {Hertz(50e9), 16, 11};
}
IssueRate real() {
  return {Hertz(350e6), 16, 11};
}

double seconds(const BankWork& w, const SaMacParams& m, const IssueRate& issue,
               const BankTiming& t = timing()) {
  return toSeconds(runBank(w, rowPass(m, t, 8, 8), m, t, issue, true).time).value;
}

TEST(Subarrays, HideOpeningAndClosingWhenColumnsLastLongEnough) {
  SaMacParams m = units();
  m.overlap = "subarray";
  const BankTiming t = timing();
  // 32 columns of 5 ns against a turn of 13.3 + 160 + 7.5 + 13.3 ns.
  EXPECT_EQ(rowPass(m, t, 8, 8).duration(), Ticks(160000));
  // Two subarrays cannot hide a turn that is longer than twice the columns.
  m.width = Bits(4096);
  m.lanes = 512;
  const Ticks turn = nearestTicks(t.tRAS) + nearestTicks(t.tRP);
  EXPECT_EQ(rowPass(m, t, 8, 8).duration().ps, (turn.ps + 1) / 2);
}

TEST(Subarrays, EventAgreesWithEveryCommand) {
  const BankTiming t = timing();
  for (const double width : {64.0, 256.0, 512.0, 4096.0})
    for (const IssueRate& issue : {fast(), real()}) {
      SaMacParams m = units(width);
      m.overlap = "subarray";
      BankWork w = layOut(64, 4096, 12, 8, 8, m, t);
      w.inputTransfers = 3;
      w.inputCycles = 593;
      w.outputTransfers = 1;
      w.outputCycles = 80;
      w.passes += 200 * 1024 / (w.columns() + 1);
      const RowPass row = rowPass(m, t, 8, 8);
      const BankRun all = runChip(w, row, m, t, issue);
      EXPECT_NEAR(seconds(w, m, issue) / toSeconds(all.time).value, 1.0, 0.01)
          << width << " bit, DPU at " << issue.clock.value;
      EXPECT_EQ(all.columns, w.columns() * w.passes);
    }
}

TEST(Subarrays, FoldedEqualsUnfoldedAndBoundHolds) {
  const BankTiming t = timing();
  for (const double width : {64.0, 512.0, 4096.0})
    for (const std::int64_t outputs : {1, 9, 40}) {
      SaMacParams m = units(width);
      m.overlap = "subarray";
      BankWork w = layOut(outputs, 3000, 5, 8, 8, m, t);
      w.inputTransfers = w.outputTransfers = 1;
      w.inputCycles = w.outputCycles = 300;
      const RowPass row = rowPass(m, t, 8, 8);
      const BankRun a = runBank(w, row, m, t, real(), true),
                    b = runBank(w, row, m, t, real(), false);
      EXPECT_EQ(a.time, b.time);
      EXPECT_EQ(a.rows, b.rows);
      EXPECT_GE(a.time, lowerBound(w, row, real()));
    }
}

TEST(Chip, FourActivationsInAWindowHoldEightBanksBack) {
  const BankTiming t = timing();
  SaMacParams m = units(4096);  // rows of 2 columns: 46 ns a row
  const BankWork w = layOut(64, 8192, 4, 8, 8, m, t);
  const RowPass free = rowPass(m, t, 8, 8);
  const BankRun alone = runChip(w, free, m, t, fast(), 8);
  m.tFAW = Seconds(40e-9);  // 8 activations need 80 ns
  const RowPass row = rowPass(m, t, 8, 8);
  EXPECT_EQ(row.pitch, Ticks(80000));
  const BankRun shared = runChip(w, row, m, t, fast(), 8);
  EXPECT_GT(shared.time, alone.time);
  EXPECT_EQ(shared.rows, alone.rows);
  // The closed pitch of `event` against the simulated window of eight banks.
  EXPECT_NEAR(seconds(w, m, fast()) / toSeconds(shared.time).value, 1.0, 0.02);
}

TEST(Chip, NoFiveActivationsFallIntoAWindow) {
  const BankTiming t = timing();
  SaMacParams m = units(4096);
  m.tFAW = Seconds(40e-9);
  dram::CommandLog trace;
  runChip(layOut(16, 4096, 1, 8, 8, m, t), rowPass(m, t, 8, 8), m, t, fast(), 8, &trace);
  std::vector<Ticks> activates;
  for (const dram::CommandRecord& c : trace.sorted())
    if (c.kind == dram::CommandKind::ACT) activates.push_back(c.time);
  ASSERT_GT(activates.size(), 20u);
  for (std::size_t i = 4; i < activates.size(); ++i)
    EXPECT_GE(activates[i] - activates[i - 4], Ticks(40000));
}

TEST(Chip, RowsOpenAtOnceStayBelowTheCap) {
  const BankTiming t = timing();
  SaMacParams m = units(512);
  const BankWork w = layOut(32, 4096, 3, 8, 8, m, t);
  EXPECT_EQ(runChip(w, rowPass(m, t, 8, 8), m, t, fast(), 8).mostOpenRows, 8);
  for (const std::int64_t cap : {1, 2, 3, 4, 5, 6, 7}) {
    m.activeRowsPerChip = cap;
    for (const IssueRate& issue : {fast(), real()}) {
      const BankRun run = runChip(w, rowPass(m, t, 8, 8), m, t, issue, 8);
      EXPECT_EQ(run.mostOpenRows, cap);
      // `event` gives every bank its share of the open rows; banks that come first take more when
      // the cap does not divide the banks.
      const double slack = 8 % cap == 0 ? 0.04 : 0.11;
      EXPECT_NEAR(seconds(w, m, issue) / toSeconds(run.time).value, 1.0, slack)
          << cap << " rows, DPU at " << issue.clock.value;
    }
  }
}

TEST(BankRun, FollowsEveryCommandWhoeverIsTheBottleneck) {
  const BankTiming t = timing();
  for (const char* overlap : {"none", "subarray"})
    for (const double width : {64.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0})
      for (const std::int64_t inputs : {700, 4096})
        for (const IssueRate& issue : {fast(), real()}) {
          SaMacParams m = units(width);
          m.overlap = overlap;
          const BankWork w = layOut(64, inputs, 12, 8, 8, m, t);
          const RowPass row = rowPass(m, t, 8, 1);
          const double all = toSeconds(runChip(w, row, m, t, issue).time).value;
          EXPECT_NEAR(seconds(w, m, issue) / all, 1.0, 0.02)
              << overlap << ' ' << width << " bit, " << inputs << " inputs, DPU at "
              << issue.clock.value;
        }
}

TEST(Chip, APowerCapStretchesRowPasses) {
  const BankTiming t = timing();
  SaMacParams m = units(512);
  const BankEnergy energy{JoulesPerBit(0.95e-12), Joules(0.94e-9), Joules(3.6e-9)};
  m.mac = Joules(0.2e-12);
  const Joules row = energyOfRow(m, t, energy, 8);
  EXPECT_NEAR(row.value, 8192 * 0.95e-12 + 0.94e-9 + 1024 * 0.2e-12, 1e-15);
  m.powerCap = Watts(0.25);
  const RowPass capped = rowPass(m, t, 8, 8, row);
  EXPECT_NEAR(toSeconds(capped.duration()).value, 8 * row.value / 0.25, 1e-11);
  m.powerCap = Watts(100);
  EXPECT_LT(rowPass(m, t, 8, 8, row).duration(), capped.duration());
}

TEST(LockStep, DpusOfAChipShareWritingButWaitForTheLastRow) {
  const BankTiming t = timing();
  SaMacParams m = units();
  const BankProduct product{64, 4096, 1, 0, 8, 8};
  const BankWork own = layOut(product, m, t, 8);
  m.commandQueue = "chip";
  const BankWork shared = layOut(product, m, t, 8);
  EXPECT_LT(shared.refillInstructions, own.refillInstructions);
  EXPECT_LT(shared.rowInstructions, own.rowInstructions);
  m.tFAW = Seconds(21.7e-9);
  SaMacParams apart = m;
  apart.commandQueue = "bank";
  EXPECT_GT(rowPass(m, t, 8, 8).open, rowPass(apart, t, 8, 8).open);
}

TEST(Ecc, BeforeTheMacsItDelaysTheFirstColumnOfARow) {
  const BankTiming t = timing();
  SaMacParams m = units(64);
  const RowPass plain = rowPass(m, t, 8, 8);
  m.ecc.placement = "before_mac";
  // Two accesses fetch a word of 128 bits, then 2 ns in the decoder.
  EXPECT_EQ(rowPass(m, t, 8, 8).open - plain.open, Ticks(7000));
  EXPECT_EQ(rowPass(m, t, 8, 8).columns, plain.columns);
  m.ecc.pipelined = false;
  EXPECT_EQ(rowPass(m, t, 8, 8).column - plain.column, Ticks(1000));
}

TEST(Ecc, CheckBitsInTheRowCostBandwidthAndCapacity) {
  const BankTiming t = timing();
  SaMacParams m = units();
  const BankWork plain = layOut(512, 4096, 1, 8, 8, m, t);
  m.ecc.placement = "before_mac";
  m.ecc.storage = "inline";
  EXPECT_EQ(usefulRow(m, t).value, 30 * 256);  // 7,710 of 8,192 bits, in whole accesses
  const BankWork ecc = layOut(512, 4096, 1, 8, 8, m, t);
  EXPECT_GT(storedIn(ecc, t).value, storedIn(plain, t).value);
  EXPECT_EQ(areaOf(m, SquareMm(60), 8).cells.value, 0);
  m.ecc.storage = "side";
  EXPECT_NEAR(areaOf(m, SquareMm(60), 8).cells.value, 4.5 * 8 / 128, 1e-12);
}

TEST(Ecc, AfterTheMacsAChecksumTakesAnOutputOfEachGroup) {
  const BankTiming t = timing();
  SaMacParams m = units();
  const BankWork plain = layOut(56, 4096, 1, 8, 8, m, t);
  m.ecc.placement = "after_mac";
  const BankWork checked = layOut(56, 4096, 1, 8, 8, m, t);
  EXPECT_EQ(plain.groups, 7);
  EXPECT_EQ(checked.groups, 8);
  EXPECT_EQ(checked.checkMacs, checked.macs / 7);
  EXPECT_GT(seconds(checked, m, fast()), seconds(plain, units(), fast()));
  EXPECT_EQ(rowPass(m, t, 8, 8).open, rowPass(units(), t, 8, 8).open);
}

/// Share of (weight bit, activation) pairs whose flip changes the checksum modulo 2^bits.
double noticed(int bits) {
  int changed = 0;
  for (int k = 0; k < bits; ++k)
    for (int x = 0; x < 256; ++x) changed += ((x << k) & ((1 << bits) - 1)) != 0 ? 1 : 0;
  return changed / (256.0 * bits);
}
TEST(Ecc, CoverageIsThatOfFlippingEveryBit) {
  SaMacParams m = units();
  EXPECT_EQ(m.ecc.coverage(8), 0);
  m.ecc.placement = "before_mac";
  EXPECT_EQ(m.ecc.coverage(8), 1);
  m.ecc.placement = "after_mac";
  for (const int bits : {1, 2, 4, 8}) EXPECT_NEAR(m.ecc.coverage(bits), noticed(bits), 1e-12);
}

TEST(Accumulators, ShortOnesAreReadInParts) {
  const BankTiming t = timing();
  SaMacParams m = units();
  EXPECT_TRUE(m.runs(8, 8));
  const BankWork wide = layOut(64, 4096, 1, 8, 8, m, t);
  m.accumulatorBits = 28;  // holds 8 x 8 bit x 4,096
  EXPECT_EQ(layOut(64, 4096, 1, 8, 8, m, t), wide);
  m.accumulatorBits = 24;  // holds 8 x 8 bit x 256, or 4 x 8 bit x 4,096
  EXPECT_EQ(layOut(64, 4096, 1, 8, 8, m, t).groups, 16 * wide.groups);
  EXPECT_EQ(layOut(64, 4096, 1, 4, 8, m, t).groups, wide.groups);
  m.accumulatorBits = 12;
  EXPECT_FALSE(m.runs(8, 8));
}

TEST(Accumulators, WithoutAddersTheDpuReadsEveryLane) {
  const BankTiming t = timing();
  SaMacParams m = units();
  const std::int64_t tree = layOut(64, 4096, 1, 8, 8, m, t).readInstructions;
  m.reduction = "lanes";
  EXPECT_EQ(layOut(64, 4096, 1, 8, 8, m, t).readInstructions, 8 * (32 * 4 - 1));
  EXPECT_EQ(tree, 8 * 3);
}

TEST(Layout, OutputsWithInputsOfTheirOwnShareNoSlice) {
  const BankTiming t = timing();
  const SaMacParams m = units(64);
  // 64 outputs of 25 inputs each: a depthwise convolution, or one with common inputs.
  const BankWork own = layOut({64, 25, 10, 1, 8, 8}, m, t);
  const BankWork common = layOut({64, 25, 10, 0, 8, 8}, m, t);
  EXPECT_EQ(own.columnsPerSlice, 1);
  EXPECT_EQ(own.groups, 64);
  EXPECT_GT(own.instructions(), 3 * common.instructions());
  EXPECT_GE(static_cast<double>(own.columns()) * 64, 64.0 * 25 * 8);
}

TEST(Layout, NarrowWeightsTakeWhatTheUnitsCanSplit) {
  const BankTiming t = timing();
  SaMacParams m = units();
  const std::int64_t one = layOut(512, 4096, 1, 1, 8, m, t).columns();
  m.narrowestWeight = 4;
  EXPECT_EQ(layOut(512, 4096, 1, 1, 8, m, t).columns(), 4 * one);
}

TEST(Contention, TransfersWaitForRowsAndRowsForTransfers) {
  const BankTiming t = timing();
  SaMacParams m = units(64);
  BankWork w = layOut(64, 4096, 6, 8, 8, m, t);
  const double alone = seconds(w, m, real());
  w.inputTransfers = 4;
  w.inputCycles = 593;
  EXPECT_GT(seconds(w, m, real()), alone);
  const auto transfersBeforeRow = [&](std::int64_t row) {
    dram::CommandLog trace;
    runChip(w, rowPass(m, t, 8, 8), m, t, real(), 1, &trace);
    std::int64_t transfers = 0, rows = 0;
    for (const dram::CommandRecord& c : trace.sorted()) {
      if (c.kind == dram::CommandKind::ACT && ++rows == row) break;
      transfers += c.kind == dram::CommandKind::DMA;
    }
    return transfers;
  };
  // Those of the first vector, then one before each row; or all of them before the first.
  EXPECT_EQ(transfersBeforeRow(1), 5);
  EXPECT_EQ(transfersBeforeRow(3), 7);
  m.transfersPerRow = 4;
  EXPECT_EQ(transfersBeforeRow(1), 8);
}

TEST(Contention, RowsOfAPassWaitForItsActivations) {
  // One row a pass and four transfers: the bank is bound by the transfers.
  const BankTiming t = timing();
  const SaMacParams m = units(256);
  BankWork w = layOut(8, 64, 50, 8, 8, m, t);
  w.inputTransfers = 4;
  w.inputCycles = 593;
  dram::CommandLog trace;
  runChip(w, rowPass(m, t, 8, 8), m, t, real(), 1, &trace);
  std::int64_t transfers = 0, rows = 0;
  for (const dram::CommandRecord& c : trace.sorted()) {
    if (c.kind == dram::CommandKind::DMA) ++transfers;
    if (c.kind == dram::CommandKind::ACT) {
      EXPECT_GE(transfers, 4 * ++rows) << "row before its inputs";
    }
  }
  EXPECT_EQ(rows, 50);
}

TEST(Temperature, HotCellsAreRefreshedMoreOften) {
  const BankTiming t = timing();
  EXPECT_EQ(atTemperature(t, 85).tREFI.value.value, t.tREFI.value.value);
  EXPECT_EQ(atTemperature(t, 86).tREFI.value.value, t.tREFI.value.value / 2);
  EXPECT_EQ(atTemperature(t, 96).tREFI.value.value, t.tREFI.value.value / 4);
  const SaMacParams m = units(64);
  const BankWork w = layOut(64, 4096, 20, 8, 8, m, t);
  const double cool = seconds(w, m, fast()), hot = seconds(w, m, fast(), atTemperature(t, 90));
  EXPECT_NEAR(hot / cool, (1 - 260.0 / 7800) / (1 - 260.0 / 3900), 1e-3);
}

TEST(Area, PartsAddUpAndAFixedDieLosesCells) {
  SaMacParams m = units();
  const MacArea a = areaOf(m, SquareMm(60), 8);
  EXPECT_DOUBLE_EQ(a.bank.value, 4.5);
  EXPECT_NEAR(a.lanes.value, 32 * 130e-6 * 10, 1e-12);
  EXPECT_NEAR(a.registers.value, (8 * 32 + 2 * 256) * 2e-6 * 10, 1e-12);
  EXPECT_EQ(a.capacityLost, 0);
  m.area.die = "fixed";
  EXPECT_DOUBLE_EQ(areaOf(m, SquareMm(60), 8).capacityLost, a.overhead());
  m.lanes = 0;
  EXPECT_EQ(areaOf(m, SquareMm(60), 8).total().value, 0);
}

}  // namespace
}  // namespace wattlas::pim
