// The slice-by-slice run of a bank against the closed form, against every command, and folded
// against unfolded, over random works.
#include "pim/bank/bank_run.h"

#include <gtest/gtest.h>

#include <random>
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

SaMacParams units(double width = 64) {
  SaMacParams m;
  m.lanes = static_cast<std::int64_t>(width) / 8;
  m.width = Bits(width);
  m.macIssue = Seconds(5e-9);
  m.bitTime = Seconds(2.5e-9);
  m.inputWrite = Ratio(3);
  m.accumulatorRead = Ratio(3);
  m.rowCommand = Ratio(2);
  return m;
}

IssueRate issue() {
  return {Hertz(350e6), 16, 11};
}

struct Random {
  std::mt19937 engine{7};
  std::int64_t in(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine);
  }
};

BankWork randomWork(Random& r, const SaMacParams& mac, const BankTiming& t) {
  BankWork w = layOut(r.in(1, 100), r.in(64, 5000), r.in(1, 6), 8, 8, mac, t);
  w.inputTransfers = r.in(0, 6);
  w.inputCycles = r.in(40, 600);
  w.outputTransfers = r.in(0, 2);
  w.outputCycles = r.in(40, 600);
  w.postInstructions = r.in(0, 3000);
  return w;
}

TEST(BankRun, FoldedEqualsUnfolded) {
  Random r;
  const BankTiming t = timing();
  for (int i = 0; i < 60; ++i) {
    const SaMacParams mac = units(i % 3 == 0 ? 64 : i % 3 == 1 ? 256 : 512);
    const BankWork w = randomWork(r, mac, t);
    const RowPass row = rowPass(mac, t, 8, 8);
    const BankRun a = runBank(w, row, mac, t, issue(), true);
    const BankRun b = runBank(w, row, mac, t, issue(), false);
    EXPECT_EQ(a.time, b.time) << "case " << i;
    EXPECT_EQ(a.rows, b.rows);
    EXPECT_EQ(a.columns, b.columns);
    EXPECT_LE(a.steps, b.steps);
  }
}

TEST(BankRun, CountsEveryRowAndColumn) {
  const SaMacParams mac = units();
  const BankTiming t = timing();
  const BankWork w = layOut(32, 4096, 3, 8, 8, mac, t);
  const BankRun run = runBank(w, rowPass(mac, t, 8, 8), mac, t, issue(), true);
  EXPECT_EQ(w.columns(), 32 * 4096 / 8);
  EXPECT_EQ(run.columns, 3 * w.columns());
  EXPECT_EQ(run.rows, 3 * w.rows());
}

TEST(BankRun, AgreesWithEveryCommandWithinOnePercent) {
  Random r;
  const BankTiming t = timing();
  for (int i = 0; i < 20; ++i) {
    const SaMacParams mac = units(i % 2 == 0 ? 64 : 256);
    BankWork w = randomWork(r, mac, t);
    w.passes += 200 * 1024 / (w.columns() + 1);  // long enough for the phase of refresh to fade
    const double event =
        toSeconds(runBank(w, rowPass(mac, t, 8, 8), mac, t, issue(), true).time).value;
    const BankRun all = runChip(w, rowPass(mac, t, 8, 8), mac, t, issue());
    EXPECT_NEAR(event / toSeconds(all.time).value, 1.0, 0.01) << "case " << i;
    EXPECT_EQ(all.columns, w.columns() * w.passes);
    EXPECT_EQ(all.rows, w.rows() * w.passes);
  }
}

TEST(BankRun, NeverBeatsTheBound) {
  Random r;
  const BankTiming t = timing();
  for (int i = 0; i < 60; ++i) {
    const SaMacParams mac = units(i % 2 == 0 ? 64 : 256);
    const BankWork w = randomWork(r, mac, t);
    const RowPass row = rowPass(mac, t, 8, 8);
    EXPECT_GE(runBank(w, row, mac, t, issue(), true).time, lowerBound(w, row, issue())) << i;
  }
}

TEST(BankRun, TransfersOfTheDpuDelayTheMacs) {
  const SaMacParams mac = units();
  const BankTiming t = timing();
  BankWork w = layOut(64, 4096, 4, 8, 8, mac, t);
  const RowPass row = rowPass(mac, t, 8, 8);
  const Ticks alone = runBank(w, row, mac, t, issue(), true).time;
  w.inputTransfers = 4;
  w.inputCycles = 593;
  EXPECT_GT(runBank(w, row, mac, t, issue(), true).time, alone);
}

TEST(BankRun, FewTaskletsStarveTheUnits) {
  const SaMacParams mac = units(256);
  const BankTiming t = timing();
  const BankWork w = layOut(64, 4096, 1, 8, 8, mac, t);
  const RowPass row = rowPass(mac, t, 8, 8);
  IssueRate one = issue();
  one.tasklets = 1;
  EXPECT_GT(toSeconds(runBank(w, row, mac, t, one, true).time).value,
            3 * toSeconds(runBank(w, row, mac, t, issue(), true).time).value);
}

TEST(BankRun, AnActivationWindowSlowsShortRows) {
  SaMacParams mac = units(512);
  const BankTiming t = timing();
  const BankWork w = layOut(64, 4096, 1, 8, 8, mac, t);
  const Ticks freely = runBank(w, rowPass(mac, t, 8, 8), mac, t, issue(), true).time;
  mac.tFAW = Seconds(80e-9);  // 8 banks: one row each in 160 ns
  EXPECT_GT(runBank(w, rowPass(mac, t, 8, 8), mac, t, issue(), true).time, freely);
  mac.tFAW = Seconds(0);
  mac.activeRowsPerChip = 4;
  EXPECT_GT(runBank(w, rowPass(mac, t, 8, 8), mac, t, issue(), true).time, freely);
}

TEST(Layout, PaddingIsWholeRowsAndNothingIsLost) {
  Random r;
  const BankTiming t = timing();
  for (int i = 0; i < 200; ++i) {
    const SaMacParams mac = units(i % 2 == 0 ? 64 : 256);
    const std::int64_t outputs = r.in(1, 300), inputs = r.in(1, 9000);
    const int bits = i % 3 == 0 ? 4 : 8;
    const BankWork w = layOut(outputs, inputs, 1, bits, 8, mac, t);
    EXPECT_GE(static_cast<double>(w.columns()) * mac.width.value.value,
              static_cast<double>(outputs * inputs * bits));
    EXPECT_GE(storedIn(w, t).value, static_cast<double>(outputs * inputs * bits));
  }
}

}  // namespace
}  // namespace wattlas::pim
