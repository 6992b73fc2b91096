// Budgets, cache keys and levels of one simulation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/plan.h"
#include "models/sim/platform_model.h"
#include "tests/models/toy_platform.h"

namespace wattlas {
namespace {

using test::toyExperiment;

std::shared_ptr<const Program> programOf(const Experiment& x) {
  return makePlan(x).phases.at(0).regions.at(0).groups.at(0).program;
}

TEST(CacheKey, DependsOnProgramDeviceAndLevel) {
  const Experiment x = toyExperiment("gemm:4x64x64"), other = toyExperiment("gemm:4x64x128"),
                   faster = toyExperiment("gemm:4x64x64", {{"clock", "2 GHz"}});
  const Device& device = *x.platform->device.device;
  const auto key = [](const Experiment& of, Fidelity level) {
    return ProfileCache::key(*programOf(of), *of.platform->device.device, level).hex();
  };
  const std::string own = key(x, Fidelity::event);
  EXPECT_EQ(own, ProfileCache::key(*programOf(x), device, Fidelity::event).hex());
  EXPECT_EQ(own, key(toyExperiment("gemm:4x64x64"), Fidelity::event)) << "of an equal experiment";
  EXPECT_NE(own, key(x, Fidelity::analytic));
  EXPECT_NE(own, key(other, Fidelity::event));
  EXPECT_NE(own, key(faster, Fidelity::event));
}

TEST(CacheKey, LinksDoNotMatter) {
  const Experiment x = toyExperiment("gemm:4x64x64"),
                   wider = toyExperiment("gemm:4x64x64", {{"link.rate", "8 GB/s"}});
  EXPECT_EQ(
      ProfileCache::key(*programOf(x), *x.platform->device.device, Fidelity::event).hex(),
      ProfileCache::key(*programOf(wider), *wider.platform->device.device, Fidelity::event).hex());
}

TEST(Cache, HoldsWhatWasSimulated) {
  const Experiment x = toyExperiment("jet-mlp");
  ProfileCache cache;
  Experiment closed = x;
  closed.run.fidelity = Fidelity::analytic;
  (void)simulate(closed, cache, {});
  const std::size_t size = cache.size();
  EXPECT_GT(size, 0u);
  (void)simulate(closed, cache, {});
  EXPECT_EQ(cache.size(), size);
}

TEST(Budget, TooManyEventsMakeThePointInfeasible) {
  const Experiment x = toyExperiment("gemm:64x512x512", {{"run.eventBudget", "3"}});
  ProfileCache cache;
  const RunResult r = simulate(x, cache, platformSimulator);
  ASSERT_FALSE(r.feasible);
  EXPECT_THAT(r.reasons.at(0), ::testing::HasSubstr("budget: more than 3 events"));
  EXPECT_TRUE(r.operators.empty());
}

TEST(Budget, EnoughEventsRun) {
  const Experiment x = toyExperiment("gemm:64x512x512", {{"run.eventBudget", "100000"}});
  ProfileCache cache;
  EXPECT_TRUE(simulate(x, cache, platformSimulator).feasible);
}

TEST(Level, AForcedOneThatIsMissingIsAnError) {
  Experiment x = test::hostExperiment("gemm:4x64x64", {{"run.fidelityForced", "true"}});
  ProfileCache cache;
  EXPECT_THROW((void)simulate(x, cache, {}), InputError);
  x.run.fidelityForced = false;
  const RunResult r = simulate(x, cache, {});
  EXPECT_EQ(r.fidelityUsed.at("device"), "analytic");
  EXPECT_EQ(r.assumptions.at(0).key, "fidelity.device");
}

TEST(Energy, RatedPowerNeedsARatedPower) {
  Experiment x = toyExperiment("gemm:4x64x64", {{"run.energy", "tdp"}});
  ProfileCache cache;
  EXPECT_THROW((void)simulate(x, cache, platformSimulator), InputError);
}

}  // namespace
}  // namespace wattlas
