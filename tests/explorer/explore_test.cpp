#include "explorer/explore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "explorer/interrupt.h"
#include "explorer/summary.h"
#include "models/metric.h"
#include "tests/explorer/fake_model.h"
#include "tests/explorer/in_process_evaluator.h"
#include "tests/explorer/study_text.h"

namespace wattlas {
namespace {

using test::study;
using test::studyText;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

ExploreOutcome run(const std::string& text, ExploreOptions options = {}) {
  InProcessEvaluator evaluator(test::fakeRun);
  return explore(study(text), options, evaluator);
}

TEST(Explore, MarksTheFrontOfEachWorkload) {
  // time falls and energy rises with x; beta is 3x slower with a third of the energy.
  const ExploreOutcome outcome =
      run(studyText("  x: {ordinal: [1, 2, 4]}\n  y: {ordinal: [1, 2]}\n"));
  ASSERT_EQ(outcome.fronts.size(), 1u);
  EXPECT_EQ(outcome.fronts[0].compared, 12u);
  for (const ExploredPoint& point : outcome.points)
    EXPECT_EQ(point.pareto, point.design.parameters[2] == 0) << "y = 1 beats y = 2";
  EXPECT_GT(outcome.fronts[0].hypervolume, 0);
  EXPECT_LT(outcome.fronts[0].hypervolume, 1);
  EXPECT_THAT(outcome.fronts[0].reference, ElementsAre(30, 8));
}

TEST(Explore, AConstraintRulesOutWithItsReasonAndKeepsTheNumbers) {
  const ExploreOutcome outcome = run(
      studyText("  x: {ordinal: [1, 2, 4]}\n", "constraints: [\"time_s < 8 s\", fits(device)]\n"));
  // alpha: 10, 5, 2.5 s; beta: 30, 15, 7.5 s; x = 4 does not fit.
  std::size_t feasible = 0;
  for (const ExploredPoint& point : outcome.points) feasible += point.feasible();
  EXPECT_EQ(feasible, 1u);
  EXPECT_EQ(outcome.points[0].outcome.reason, "constraint not met: time_s < 8 s");
  EXPECT_EQ(metricOf(outcome.study, outcome.points[0].outcome, metricTime), 10);
  EXPECT_EQ(outcome.points[2].outcome.reason, "constraint not met: fits(device)");
}

TEST(Explore, ParametersRuledOutAreNeverEvaluated) {
  int calls = 0;
  InProcessEvaluator evaluator([&](const ExperimentSpec& spec) {
    ++calls;
    return test::fakeRun(spec);
  });
  const ExploreOutcome outcome = explore(
      study(studyText("  x: {ordinal: [1, 2, 4]}\n", "constraints: [\"x < 3\"]\n")), {}, evaluator);
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(outcome.points.size(), 6u);
}

TEST(Explore, NamesParametersWithoutEffect) {
  const ExploreOutcome outcome =
      run(studyText("  x: {ordinal: [1, 2]}\n  paint: {categorical: [red, blue]}\n"));
  for (const ParameterInfluence& effect : outcome.effects) {
    EXPECT_GT(effect.pairs, 0);
    EXPECT_EQ(effect.changes, effect.parameter != "paint") << effect.parameter;
  }
  EXPECT_THAT(summarise(outcome),
              HasSubstr("knobs without effect: paint on alpha (2 pairs), paint on beta (2 pairs)"));
}

TEST(Explore, CountsInfeasibleRegionsByReason) {
  const ExploreOutcome outcome =
      run(studyText("  x: {ordinal: [1, 2, 4]}\n"
                    "  act: {categorical: [refuse], when: \"platform == 'beta' and x > 1\"}\n"));
  ASSERT_EQ(outcome.regions.size(), 1u) << "the numbers in the reason differ, the reason does not";
  EXPECT_EQ(outcome.regions[0].count, 2);
  EXPECT_THAT(outcome.regions[0].common, ElementsAre("platform = beta", "x = 2 or 4"));
  EXPECT_EQ(outcome.regions[0].reason, "needs 2 MB more than there are");
}

TEST(Explore, TheSummarySaysWhoWinsByHowMuchAndWhy) {
  const std::string text = summarise(run(studyText("  x: {ordinal: [1, 2, 4]}\n")));
  EXPECT_THAT(text, HasSubstr("net  (scope node): 6 points, 6 feasible, 6 in the Pareto set"));
  EXPECT_THAT(text, HasSubstr("alpha (x 4): 2.5 s; 3x less than beta (x 4) (7.5 s)"));
  EXPECT_THAT(text,
              HasSubstr("compute takes 100 % of its time, memory takes 100 % of the other's"));
  EXPECT_THAT(text, HasSubstr("beta (x 1): 333.3 mJ; 3x less than alpha (x 1) (1 J)"));
  EXPECT_THAT(text, HasSubstr("compute energy, 333.3 mJ against 1 J"));
}

TEST(Explore, AnObjectiveThatIsUnknownKeepsPointsOffTheFront) {
  const ExploreOutcome outcome =
      run("workloads: [net]\ngenes:\n  platform: {categorical: [alpha]}\n"
          "objectives: [{minimise: area_mm2}]\n");
  EXPECT_EQ(outcome.fronts[0].lacking, 1u);
  EXPECT_FALSE(outcome.points[0].pareto);
  EXPECT_THAT(summarise(outcome), HasSubstr("1 feasible points lack an objective"));
}

TEST(Explore, MaximisedObjectivesAndExpressionsWork) {
  const ExploreOutcome outcome = run(
      "workloads: [net]\ngenes:\n  platform: {categorical: [alpha]}\n  x: {ordinal: [1, 2, 4]}\n"
      "objectives: [{maximise: \"energy_j / time_s\"}]\n");
  EXPECT_FALSE(outcome.points[0].pareto);
  EXPECT_TRUE(outcome.points[2].pareto);
}

TEST(Explore, AutoSamplesWhatIsTooLargeForTheBudget) {
  const std::string parameters = "  x: {integer: {min: 1, max: 1000}}\n";
  EXPECT_EQ(run(studyText(parameters, "search: {budget: 50}\n")).points.size(), 50u);
  EXPECT_EQ(run(studyText("  x: {ordinal: [1, 2]}\n", "search: {budget: 50}\n")).method,
            SearchMethod::exhaustive);
  EXPECT_THROW(run(studyText(parameters, "search: {method: exhaustive, budget: 50}\n")),
               InputError);
  EXPECT_THROW(run(studyText(parameters, "search: {method: random}\n")), InputError) << "no budget";
}

TEST(Explore, RowsCarryTheWholeResultOnlyInSmallStudies) {
  ExploreOptions options;
  EXPECT_FALSE(run(studyText(""), options).points[0].outcome.detail.empty());
  options.detailLimit = 1;
  EXPECT_TRUE(run(studyText(""), options).points[0].outcome.detail.empty());
}

TEST(Explore, RowsSayWhichFidelityWasUsed) {
  EXPECT_EQ(run(studyText("")).points[0].outcome.fidelity, "event+analytic");
}

TEST(CheckStudy, FindsParametersThatAPlatformDoesNotKnow) {
  const Study s = study(studyText("  gpu.clock: {categorical: [1 GHz, 2 GHz]}\n"));
  const auto check = [](const ExperimentSpec& spec) {
    for (const auto& [key, value] : spec.sets)
      if (key == "gpu.clock" && spec.platform == "beta")
        throw InputError(Problem{{}, "device.gpu.clock", "unknown key", {}, {}});
  };
  try {
    checkStudy(s, check);
    FAIL() << "must throw";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("study.yaml:4: genes.gpu.clock: unknown key"));
    EXPECT_THAT(error.what(), HasSubstr("platform 'beta'"));
    EXPECT_THAT(error.what(), HasSubstr("when: \"platform in [..]\""));
    EXPECT_THAT(error.what(), Not(HasSubstr("platform 'alpha'")));
  }
}

TEST(CheckStudy, NamesParametersOfUnknownSectionsAndUnknownPlatforms) {
  const Study s = study(studyText("  gpu.clock: {categorical: [1 GHz]}\n"));
  const auto check = [](const ExperimentSpec& spec) {
    if (spec.platform == "alpha")
      throw InputError(Problem{{}, "device.gpu", "unknown key", {}, {}});
    throw InputError(Problem{{}, "platform", "'beta' is unknown", "an id", {}});
  };
  try {
    checkStudy(s, check);
    FAIL() << "must throw";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("study.yaml:4: genes.gpu.clock: unknown key"));
    EXPECT_THAT(error.what(),
                HasSubstr("study.yaml:3: genes.platform: 'beta' is unknown (expected an id)"));
  }
}

TEST(CheckStudy, AcceptsParametersOfWhichSomeCombinationWorks) {
  const Study s = study(studyText("  x: {ordinal: [1, 2]}\n  y: {ordinal: [1, 2]}\n"));
  EXPECT_NO_THROW(checkStudy(s, [](const ExperimentSpec& spec) {
    if (test::numberOf(spec, "x", 0) + test::numberOf(spec, "y", 0) < 3)
      throw InputError("x + y is too small");
  }));
}

TEST(DryRun, PrintsSizeSampleAndTime) {
  InProcessEvaluator evaluator(test::fakeRun);
  const std::string text =
      dryRun(study(studyText("  x: {integer: {min: 1, max: 40}}\n")), {}, evaluator, 2);
  EXPECT_THAT(text, HasSubstr("space of 80 points; exhaustive search of 80 points"));
  EXPECT_THAT(text, HasSubstr("platform=alpha  x=1"));
  EXPECT_THAT(text, HasSubstr("estimated time: below 1 s with 2 workers"));
}

TEST(Progress, EndsWithAllRowsCounted) {
  struct Listener : Progress {
    ProgressState last;
    void update(const ProgressState& state) override { last = state; }
  } listener;
  InProcessEvaluator evaluator(test::fakeRun);
  explore(study(studyText("  x: {ordinal: [1, 2]}\n"
                          "  act: {categorical: [refuse], when: \"x == 2\"}\n")),
          {}, evaluator, &listener);
  EXPECT_TRUE(listener.last.last);
  EXPECT_EQ(listener.last.done, 4u);
  EXPECT_EQ(listener.last.feasible, 2u);
  EXPECT_EQ(listener.last.infeasible, 2u);
}

TEST(Interrupt, TheFirstSignalIsARequest) {
  const InterruptGuard guard;
  EXPECT_FALSE(InterruptGuard::interrupted());
  ::raise(SIGTERM);
  EXPECT_TRUE(InterruptGuard::interrupted());
}

}  // namespace
}  // namespace wattlas
