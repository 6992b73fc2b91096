#include "explorer/nsga2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "explorer/explore.h"
#include "tests/explorer/fake_model.h"
#include "tests/explorer/in_process_evaluator.h"
#include "tests/explorer/study_text.h"

namespace wattlas {
namespace {

using test::study;
using testing::HasSubstr;

/// Zitzler, Deb, Thiele, "Comparison of Multiobjective Evolutionary Algorithms" (2000); x in the
/// unit cube, ZDT4's own range is mapped to it.
ObjectiveVector zdt(int which, const std::vector<double>& x) {
  const double n = static_cast<double>(x.size());
  double g = 0;
  for (std::size_t i = 1; i < x.size(); ++i) {
    const double y = -5 + 10 * x[i];
    g += which == 4 ? y * y - 10 * std::cos(4 * std::numbers::pi * y) : x[i];
  }
  g = which == 4 ? 1 + 10 * (n - 1) + g : 1 + 9 * g / (n - 1);
  const double ratio = x[0] / g;
  return {x[0], g * (which == 2 ? 1 - ratio * ratio : 1 - std::sqrt(ratio))};
}

struct Benchmark {
  int which;
  std::size_t dimensions, generations;
  double optimum;  ///< hypervolume of the true front against (1.1, 1.1)
  double gate;
};

class Zdt : public testing::TestWithParam<Benchmark> {};

TEST_P(Zdt, ReachesItsGateWithTheWorstOfFiveSeeds) {
  const Benchmark& b = GetParam();
  double worst = 1;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    std::size_t evaluations = 0;
    Nsga2Options options;
    options.generations = b.generations;
    options.seed = seed;
    const auto front = runNsga2(b.dimensions, 2, options, [&](const auto& points) {
      evaluations += points.size();
      std::vector<ObjectiveVector> out;
      for (const auto& x : points) out.push_back(zdt(b.which, x));
      return std::optional(std::move(out));
    });
    EXPECT_EQ(evaluations, 100 * (b.generations + 1));
    worst = std::min(worst, hypervolume(front, {1.1, 1.1}) / b.optimum);
  }
  EXPECT_GE(worst, b.gate);
}

INSTANTIATE_TEST_SUITE_P(Each, Zdt,
                         testing::Values(Benchmark{1, 30, 250, 0.876667, 0.99},
                                         Benchmark{2, 30, 250, 0.543333, 0.985},
                                         Benchmark{4, 10, 500, 0.876667, 0.99}),
                         [](const auto& p) { return "Zdt" + std::to_string(p.param.which); });

TEST(Nsga2, StopsWhenAskedAndRefusesOneObjective) {
  std::size_t batches = 0;
  runNsga2(3, 2, {}, [&](const auto& points) -> std::optional<std::vector<ObjectiveVector>> {
    if (++batches > 3) return std::nullopt;
    return std::vector<ObjectiveVector>(points.size(), {0, 1});
  });
  EXPECT_EQ(batches, 4u);
  EXPECT_THROW(runNsga2(3, 1, {}, {}), std::invalid_argument);
}

std::string searchStudy(int budget, const std::string& extra = {}) {
  return "workloads: [net]\ngenes:\n  platform: {categorical: [alpha, beta, gamma]}\n"
         "  x: {integer: {min: 1, max: 100}}\n  y: {integer: {min: 1, max: 40}}\n"
         "  act: {categorical: [refuse], when: \"platform == 'gamma' and x > 50\"}\n"
         "objectives: [{minimise: time_s}, {minimise: energy_j}]\n"
         "search: {method: nsga2, budget: " +
         std::to_string(budget) + ", seed: 4, population: 20}\n" + extra;
}

ExploreOutcome search(const std::string& text, int* calls = nullptr) {
  InProcessEvaluator evaluator([&](const ExperimentSpec& spec) {
    if (calls != nullptr) ++*calls;
    return test::fakeRun(spec);
  });
  return explore(study(text), {}, evaluator);
}

std::vector<std::string> idsOf(const ExploreOutcome& outcome) {
  std::vector<std::string> ids;
  for (const ExploredPoint& point : outcome.points) ids.push_back(point.id.hex());
  return ids;
}

TEST(SearchNsga2, KeepsItsBudgetAndEvaluatesNothingTwice) {
  int calls = 0;
  const ExploreOutcome outcome = search(searchStudy(301), &calls);
  EXPECT_EQ(calls, 301);
  const auto ids = idsOf(outcome);
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 301u);
  EXPECT_FALSE(outcome.interrupted);
}

TEST(SearchNsga2, IsTheSameOnEachRun) {
  EXPECT_EQ(idsOf(search(searchStudy(200))), idsOf(search(searchStudy(200))));
}

TEST(SearchNsga2, FindsABetterFrontThanRandomPointsOfTheSameNumber) {
  const auto volume = [](const ExploreOutcome& outcome) {
    std::vector<ObjectiveVector> vectors;
    for (const std::size_t i : outcome.fronts[0].members)
      vectors.push_back({std::log(objectiveOf(outcome.study, outcome.points[i], 0)),
                         std::log(objectiveOf(outcome.study, outcome.points[i], 1))});
    return hypervolume(vectors, {std::log(30.0), std::log(4000.0)});
  };
  std::string random = searchStudy(200);
  random.replace(random.find("nsga2"), 5, "random");
  EXPECT_GT(volume(search(searchStudy(200))), volume(search(random)));
}

TEST(SearchNsga2, EndsWhenASmallSpaceHoldsNothingNew) {
  const ExploreOutcome outcome = search(
      "workloads: [net]\ngenes:\n  platform: {categorical: [alpha, beta]}\n"
      "  x: {ordinal: [1, 2, 3]}\nobjectives: [{minimise: time_s}, {minimise: energy_j}]\n"
      "search: {method: nsga2, budget: 500, population: 8}\n");
  EXPECT_EQ(outcome.points.size(), 6u);
  EXPECT_FALSE(outcome.interrupted);
}

TEST(SearchNsga2, LivesWithASpaceWithoutAnyFeasiblePoint) {
  const ExploreOutcome outcome = search(searchStudy(60, "constraints: [\"time_s < 0 s\"]\n"));
  EXPECT_EQ(outcome.points.size(), 60u);
  EXPECT_TRUE(outcome.fronts[0].members.empty());
}

TEST(SearchNsga2, RefusesOneObjective) {
  try {
    search(
        "workloads: [net]\ngenes: {platform: {categorical: [a]}}\nobjectives: [{minimise: "
        "time_s}]\nsearch: {method: nsga2, budget: 10}\n");
    FAIL() << "must throw";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("nsga2 needs at least two objectives"));
  }
}

}  // namespace
}  // namespace wattlas
