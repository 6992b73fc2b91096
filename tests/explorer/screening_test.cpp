#include "explorer/screening.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "explorer/front.h"
#include "explorer/search_quality.h"
#include "explorer/summary.h"
#include "tests/explorer/fake_model.h"
#include "tests/explorer/in_process_evaluator.h"
#include "tests/explorer/study_text.h"

namespace wattlas {
namespace {

using test::study;
using testing::HasSubstr;

/// Event differs from analytic by up to 5 %, in a way that depends on the design parameters.
RunResult twoLevels(const ExperimentSpec& spec, int& events) {
  RunResult r = test::fakeRun(spec);
  const double x = test::numberOf(spec, "x", 1), y = test::numberOf(spec, "y", 1);
  r.energyJ += 200 / (1 + y);
  if (r.fidelity != "event") return r;
  ++events;
  r.timeS *= 1.1 + 0.05 * std::sin(3 * x + y);
  r.energyJ *= 0.9 + 0.03 * std::cos(x - 2 * y);
  return r;
}

const char* const parameterLines =
    "workloads: [net]\ngenes:\n  platform: {categorical: [alpha, beta]}\n"
    "  x: {integer: {min: 1, max: 40}}\n  y: {integer: {min: 1, max: 25}}\n"
    "objectives: [{minimise: time_s}, {minimise: energy_j}]\n";

std::set<ObjectiveVector> frontOf(const ExploreOutcome& outcome) {
  std::set<ObjectiveVector> out;
  for (const std::size_t i : outcome.fronts[0].members)
    out.insert(*objectivesOf(outcome.study, outcome.points[i]));
  return out;
}

TEST(Screening, FindsTheWholeFrontWithAFifthOfTheSimulations) {
  int screening = 0, all = 0;
  InProcessEvaluator climbing([&](const ExperimentSpec& s) { return twoLevels(s, screening); });
  InProcessEvaluator everything([&](const ExperimentSpec& s) { return twoLevels(s, all); });
  const ExploreOutcome found =
      explore(study(parameterLines + std::string("search: {ladder: {}}\n")), {}, climbing);
  const ExploreOutcome truth = explore(study(parameterLines), {}, everything);
  EXPECT_EQ(all, 2000);
  EXPECT_LE(screening, all / 5);
  EXPECT_EQ(frontOf(found), frontOf(truth));
  EXPECT_EQ(found.screening.screened, 2000u);
  EXPECT_EQ(found.screening.simulated, static_cast<std::size_t>(screening));
  EXPECT_EQ(found.points.size(), static_cast<std::size_t>(screening)) << "one fidelity in the rows";
}

TEST(Screening, AHopelessPlatformGetsHalfTheCalibrationSampleAndANearOneAllOfIt) {
  std::map<std::string, int> events;
  const auto behind = [&](double factor) {
    events.clear();
    InProcessEvaluator evaluator([&](const ExperimentSpec& s) {
      int seen = 0;
      RunResult r = twoLevels(s, seen);
      if (s.platform == "beta") {
        r.timeS *= factor;
        r.energyJ *= factor;
      }
      events[s.platform] += seen;
      return r;
    });
    (void)explore(study(parameterLines + std::string("search: {ladder: {pilot: 8}}\n")), {},
                  evaluator);
    return events["beta"];
  };
  EXPECT_EQ(behind(1e4), 4);
  EXPECT_GE(behind(1), 8);
}

TEST(Screening, SaysHowFarTheLevelsDiffer) {
  int events = 0;
  InProcessEvaluator evaluator([&](const ExperimentSpec& s) { return twoLevels(s, events); });
  const ExploreOutcome outcome =
      explore(study(parameterLines + std::string("search: {ladder: {}}\n")), {}, evaluator);
  ASSERT_EQ(outcome.screening.bands.size(), 4u) << "two platforms, two objectives";
  for (const auto& band : outcome.screening.bands) {
    const bool time = band.objective == "time_s";
    EXPECT_GE(band.low, time ? 1.05 : 0.87);
    EXPECT_LE(band.high, time ? 1.15 : 0.93);
    EXPECT_GT(band.high, band.low);
    EXPECT_GT(band.rank, 0.9);
  }
  EXPECT_THAT(summarise(outcome), HasSubstr("2000 points screened"));
}

TEST(Screening, ReplayedOnKnownRowsGivesTheSameNumbers) {
  int events = 0;
  InProcessEvaluator evaluator([&](const ExperimentSpec& s) { return twoLevels(s, events); });
  const Study s = study(parameterLines);
  const ExploreOutcome event = explore(s, {}, evaluator);
  const ExploreOutcome analytic = explore(studyAt(s, "analytic"), {}, evaluator);
  const auto quality = screeningQuality(event, analytic, 8);
  ASSERT_EQ(quality.size(), 1u);
  EXPECT_EQ(quality[0].found, quality[0].front);
  events = 0;
  (void)explore(study(parameterLines + std::string("search: {ladder: {pilot: 8}}\n")), {},
                evaluator);
  EXPECT_EQ(quality[0].simulated, static_cast<std::size_t>(events));
}

TEST(Screening, ABandIsWiderThanWhatWasSeenAndUnboundedWhereNothingIsKnown) {
  const ErrorBand band = bandOf({1, 1, 1}, {1.0, 1.1, 1.2});
  EXPECT_LT(band.low, 1.0);
  EXPECT_GT(band.high, 1.2);
  EXPECT_DOUBLE_EQ(band.middle, 1.1);
  EXPECT_FALSE(bandOf({1}, {2}).bounded) << "one pair shows no spread";
  EXPECT_FALSE(bandOf({0, 1}, {1, 1}).bounded) << "nothing times a ratio is something";
  EXPECT_TRUE(bandOf({0, 1}, {0, 1}).bounded);
  EXPECT_GT(bandOf({-2, -2}, {-1, -4}).high, 2.0);
}

TEST(Screening, APointThatOnlyTheClosedFormRefusesIsNotLost) {
  // The constraint is met at event for x >= 31, at analytic from x >= 34 on.
  InProcessEvaluator evaluator([](const ExperimentSpec& spec) {
    RunResult r = test::fakeRun(spec);
    if (r.fidelity == "event") r.timeS *= 0.9 + 1e-4 * test::numberOf(spec, "x", 1);
    return r;
  });
  const std::string tight = std::string(parameterLines) + "constraints: [\"time_s < 0.3 s\"]\n";
  const auto truth = frontOf(explore(study(tight), {}, evaluator));
  const auto found = frontOf(explore(study(tight + "search: {ladder: {}}\n"), {}, evaluator));
  EXPECT_EQ(found, truth);
}

}  // namespace
}  // namespace wattlas
