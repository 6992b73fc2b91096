// Does the machinery between devices keep its promises? Run on the throw-away device.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "models/sim/platform_model.h"
#include "models/simulate.h"
#include "tests/contract/toy_device.h"
#include "tests/paths.h"

namespace wattlas {
namespace {

const SearchPath& dataPath() {
  static const SearchPath path({wattlas::test::sourceRoot()});
  return path;
}

Experiment toy(const std::string& workload,
               std::vector<std::pair<std::string, std::string>> sets = {}) {
  static Registry registry = [] {
    Registry r;
    registerToy(r);
    return r;
  }();
  ExperimentSpec spec{
      std::string(wattlas::test::sourceRoot()) + "/tests/contract/toy.yaml", workload, {}};
  for (const auto& [key, value] : sets) spec.sets.push_back(parseAssignment(key + "=" + value));
  return makeExperiment(spec, registry, dataPath());
}

RunResult run(const Experiment& experiment) {
  ProfileCache cache;
  return simulate(experiment, cache, platformSimulator);
}

RunResult analytic(const std::string& workload,
                   std::vector<std::pair<std::string, std::string>> sets = {}) {
  sets.emplace_back("run.fidelity", "analytic");
  return run(toy(workload, sets));
}

const std::string big = "gemm:64x512x512";

double sumOfRows(const RunResult& r, double OperatorResult::*field) {
  double sum = 0;
  for (const OperatorResult& row : r.operators) sum += row.*field;
  return sum;
}

TEST(Toy, TimeOfRowsAddsUp) {
  const RunResult r = analytic(big, {{"workload.format", "int8"}});
  ASSERT_TRUE(r.feasible) << r.reasons.front();
  EXPECT_NEAR(sumOfRows(r, &OperatorResult::attributedS), r.timeS, 1e-12 * r.timeS);
}

TEST(Toy, EnergyOfRowsAndCellsAddsUp) {
  const RunResult r = analytic(big, {{"workload.format", "int8"}});
  double cells = 0;
  for (const double j : r.breakdownJ) cells += j;
  EXPECT_NEAR(cells, r.energyJ, 1e-12 * r.energyJ);
  EXPECT_NEAR(sumOfRows(r, &OperatorResult::energyJ), r.energyJ, 1e-9 * r.energyJ);
  EXPECT_NEAR(r.powerAvgW, r.energyJ / r.timeS, 1e-9 * r.powerAvgW);
}

TEST(Toy, BoundIsNotBeaten) {
  const RunResult r = analytic(big, {{"workload.format", "int8"}});
  EXPECT_GT(r.boundS, 0);
  EXPECT_LE(r.boundS, r.timeS);
}

TEST(Toy, EventAgreesWithTheClosedFormWhenNobodyElseIsThere) {
  const RunResult a = analytic(big, {{"workload.format", "int8"}});
  const RunResult e = run(toy(big, {{"workload.format", "int8"}}));
  EXPECT_EQ(e.fidelityUsed.at("device"), "event");
  EXPECT_NEAR(e.timeS, a.timeS, 0.01 * a.timeS);
  EXPECT_GT(e.host.events, 4);
}

TEST(Toy, LiveCouplingIsRefusedWhereNoneExists) {
  EXPECT_THROW(run(toy(big, {{"workload.format", "int8"}, {"run.coupling", "live"}})), InputError);
}

TEST(Toy, ScopesAreNested) {
  double last = 0;
  for (const char* scope : {"chip", "device", "node", "wall"}) {
    const RunResult r = analytic(big, {{"workload.format", "int8"}, {"run.scope", scope}});
    EXPECT_GT(r.energyJ, last) << scope;
    last = r.energyJ;
  }
}

TEST(Toy, ChipScopeLeavesOutCopiesAndHost) {
  const RunResult r = analytic(big, {{"workload.format", "int8"}, {"run.scope", "chip"}});
  EXPECT_FALSE(r.includes.inputCopy);
  EXPECT_FALSE(r.includes.host);
  EXPECT_EQ(r.breakdownJ[static_cast<std::size_t>(Category::host)], 0);
}

TEST(Toy, RefusesWhatDoesNotFitWithNumbers) {
  const RunResult r = analytic("gemm:1x16384x16384", {{"workload.format", "int8"}});
  ASSERT_FALSE(r.feasible);
  EXPECT_NE(r.reasons[0].find("capacity: store of the device holds 64 MB"), std::string::npos)
      << r.reasons[0];
}

TEST(Toy, StreamedWeightsFitButCostTime) {
  const RunResult resident = analytic("gemm:1x2048x2048", {{"workload.format", "int8"}});
  const RunResult streamed =
      analytic("gemm:1x2048x2048", {{"workload.format", "int8"}, {"residency", "streamed"}});
  ASSERT_TRUE(streamed.feasible);
  EXPECT_GT(streamed.timeS, 1.5 * resident.timeS);
  EXPECT_LT(streamed.weightsBytes, resident.weightsBytes);
}

TEST(Toy, RefusedOperatorsMakeThePointInfeasible) {
  const RunResult r = analytic("conv1d:128x4x8x3", {{"workload.format", "int8"}});
  ASSERT_FALSE(r.feasible);
  EXPECT_NE(r.reasons[0].find("no model of conv1d"), std::string::npos);
}

TEST(Toy, EmulationIsNamedAndCosts) {
  const RunResult narrow = analytic(big, {{"workload.format", "int8"}});
  const RunResult wide = analytic(big, {{"workload.format", "int16"}});
  EXPECT_GT(wide.timeS, narrow.timeS);
  bool named = false;
  for (const Assumption& a : wide.assumptions) named |= a.key == "emulated.gemm";
  EXPECT_TRUE(named);
}

TEST(Toy, IdleTimeUntilTheNextArrivalIsCharged) {
  const RunResult alone = analytic(big, {{"workload.format", "int8"}});
  const RunResult rated = analytic(big, {{"workload.format", "int8"}, {"workload.rate", "10"}});
  ASSERT_TRUE(rated.feasible) << rated.reasons.front();
  EXPECT_NEAR(rated.timeS, 0.1, 1e-9);
  EXPECT_GT(rated.energyJ, alone.energyJ);
  EXPECT_EQ(rated.operators.back().kind, "idle");
  EXPECT_NEAR(sumOfRows(rated, &OperatorResult::attributedS), 0.1, 1e-9);
}

TEST(Toy, TooHighARateIsInfeasible) {
  const RunResult r = analytic(big, {{"workload.format", "int8"}, {"workload.rate", "1e9"}});
  ASSERT_FALSE(r.feasible);
  EXPECT_NE(r.reasons[0].find("rate:"), std::string::npos);
}

TEST(Toy, PeakPowerIsAtLeastTheAverage) {
  const RunResult r = analytic(big, {{"workload.format", "int8"}});
  EXPECT_GE(r.powerPeakW, r.powerAvgW);
  EXPECT_LT(r.powerPeakW, 100);
}

TEST(Toy, UnknownParametersAreNamed) {
  try {
    toy(big, {{"lanez", "3"}});
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("device.lanez: unknown key"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("did you mean 'lanes'?"), std::string::npos);
  }
}

TEST(Toy, MergedConfigurationReproducesTheResult) {
  const Experiment first =
      toy(big, {{"workload.format", "int8"}, {"lanes", "32"}, {"run.fidelity", "analytic"}});
  const std::string file = ::testing::TempDir() + "/wattlas_merged.yaml";
  std::ofstream(file) << first.config().toYaml();
  Registry registry;
  registerToy(registry);
  const Experiment again = makeExperiment({file, "", {}}, registry, dataPath());
  EXPECT_EQ(again.configHash, first.configHash);
  EXPECT_EQ(toJson(run(again), false), toJson(run(first), false));
}

TEST(Toy, WarmCacheGivesTheSameBytes) {
  const Experiment experiment =
      toy(big, {{"workload.format", "int8"}, {"run.fidelity", "analytic"}});
  ProfileCache cache;
  const std::string cold = toJson(simulate(experiment, cache, {}), false);
  EXPECT_GT(cache.size(), 0u);
  EXPECT_EQ(toJson(simulate(experiment, cache, {}), false), cold);
}

TEST(Toy, EveryParameterMovesTheResult) {
  const RunResult base = analytic(big, {{"workload.format", "int8"}});
  const auto moved = [&](const std::string& key, const std::string& value) {
    return analytic(big, {{"workload.format", "int8"}, {key, value}});
  };
  EXPECT_LT(moved("lanes", "77").timeS, base.timeS);
  EXPECT_LT(moved("clock", "1.2 GHz").timeS, base.timeS);
  EXPECT_GT(moved("energyPerMac", "1.2 pJ").energyJ, base.energyJ);
  EXPECT_GT(moved("leakage", "0.12 W").energyJ, base.energyJ);
  EXPECT_GT(moved("link.latency", "1.2 us").timeS, base.timeS);
  EXPECT_LT(moved("link.rate", "4.8 GB/s").timeS, base.timeS);
  EXPECT_GT(moved("link.energyPerBit", "4.8 pJ/bit").energyJ, base.energyJ);
  EXPECT_GT(moved("hostShare", "1").energyJ, moved("hostShare", "0.8").energyJ);
}

}  // namespace
}  // namespace wattlas
