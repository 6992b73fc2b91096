// Do start, end and attributed time describe one timeline?
#include <gtest/gtest.h>

#include "tests/models/toy_platform.h"

namespace wattlas {
namespace {

using test::analytic;

TEST(Timeline, OperatorsOfAChainFollowEachOther) {
  const RunResult r = analytic(test::hostExperiment("jet-mlp"));
  ASSERT_TRUE(r.feasible);
  double now = 0;
  for (const OperatorResult& row : r.operators) {
    EXPECT_NEAR(row.startS, now, 1e-12) << row.name;
    EXPECT_NEAR(row.endS - row.startS, row.attributedS, 1e-12) << row.name;
    now = row.endS;
  }
  EXPECT_NEAR(now, r.timeS, 1e-12);
}

TEST(Timeline, CopiesComeBeforeTheOperator) {
  const RunResult r = analytic(test::toyExperiment("gemm:64x512x512"));
  ASSERT_EQ(r.operators.size(), 2u);
  const OperatorResult &op = r.operators[0], &transfer = r.operators[1];
  EXPECT_EQ(transfer.kind, "transfer");
  EXPECT_NEAR(op.startS, transfer.attributedS, 1e-15);
  EXPECT_NEAR(op.attributedS + transfer.attributedS, r.timeS, 1e-15);
  // Two copies of 32,768 bytes at 4 GB/s, each after 1 us of link and 1 ns of device.
  EXPECT_NEAR(transfer.attributedS, 2 * (32768 / 4e9 + 1e-6 + 1e-9), 2e-12);
}

TEST(Timeline, LayersInterleave) {
  const RunResult r = analytic(
      test::hostExperiment("opt-125m", {{"workload.prompt", "64"}, {"workload.generate", "1"}}));
  ASSERT_TRUE(r.feasible);
  const double layers = 12;
  double layer = 0;
  for (const OperatorResult& row : r.operators)
    if (row.phase == "prefill" && row.count == 12) layer += row.attributedS / layers;
  ASSERT_GT(layer, 0);
  for (const OperatorResult& row : r.operators) {
    if (row.phase != "prefill" || row.count != 12) continue;
    // From the first layer's instance to the last one's.
    EXPECT_NEAR(row.endS - row.startS, (layers - 1) * layer + row.attributedS / layers,
                1e-9 * layer)
        << row.name;
  }
}

TEST(Timeline, PhasesFollowEachOtherAndAddUp) {
  const RunResult r = analytic(
      test::hostExperiment("opt-125m", {{"workload.prompt", "32"}, {"workload.generate", "8"}}));
  ASSERT_EQ(r.phases.size(), 2u);
  EXPECT_NEAR(r.phases[0].timeS + r.phases[1].timeS, r.timeS, 1e-12);
  EXPECT_NEAR(r.phases[0].energyJ + r.phases[1].energyJ, r.energyJ, 1e-9 * r.energyJ);
  EXPECT_EQ(r.phases[1].tokens, 8);
  for (const OperatorResult& row : r.operators)
    if (row.phase == "decode") {
      EXPECT_GE(row.startS, r.phases[0].timeS - 1e-12) << row.name;
    }
}

TEST(Timeline, LoadingWeightsComesFirstAndOnce) {
  const RunResult without = analytic(test::toyExperiment("gemm:64x512x512"));
  const RunResult with = analytic(test::toyExperiment("gemm:64x512x512", {{"weightLoad", "true"}}));
  EXPECT_TRUE(with.includes.weightLoad);
  EXPECT_EQ(with.operators.front().phase, "load");
  EXPECT_NEAR(with.timeS - without.timeS, 512.0 * 512 / 4e9 + 1e-6 + 1e-9, 2e-12);
  EXPECT_NEAR(with.operators.front().endS, with.operators.front().attributedS, 1e-15);
}

TEST(Energy, CellsAreCountTimesCoefficient) {
  const RunResult r = analytic(test::toyExperiment("gemm:64x512x512", {{"run.scope", "chip"}}));
  double mac = 0, leakage = 0;
  for (const LedgerCell& cell : r.ledger) {
    if (cell.coefficient == "mac") mac = cell.count * cell.perCountJ;
    if (cell.coefficient == "leakage") leakage = cell.count * cell.perCountJ;
  }
  EXPECT_NEAR(mac, 64.0 * 512 * 512 * 1e-12, 1e-15);
  EXPECT_NEAR(leakage, 0.1 * r.timeS, 1e-12);
  EXPECT_NEAR(r.energyJ, mac + leakage, 1e-15);
}

TEST(Energy, WallAddsSupplyAndBuilding) {
  const Experiment x = test::toyExperiment("gemm:64x512x512");
  const RunResult node = analytic(x);
  Experiment outside = x;
  outside.run.scope = Scope::wall;
  const RunResult wall = analytic(outside);
  EXPECT_NEAR(wall.energyJ / node.energyJ, 1.3 / 0.92, 1e-9);
  EXPECT_TRUE(wall.includes.psu);
}

}  // namespace
}  // namespace wattlas
