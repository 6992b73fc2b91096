#include "explorer/space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "explorer/summary.h"
#include "tests/explorer/study_text.h"

namespace wattlas {
namespace {

using test::study;
using test::studyText;
using testing::HasSubstr;

std::set<std::string> idsOf(const Study& s, const std::vector<DesignPoint>& points) {
  std::set<std::string> ids;
  for (const DesignPoint& point : points) ids.insert(idOf(s, point).hex());
  return ids;
}

TEST(Space, EnumeratesOnceInDeclarationOrder) {
  const Study s = study(studyText("  x: {ordinal: [1, 2, 3]}\n"));
  const auto points = enumerate(s, 100);
  ASSERT_EQ(points.size(), 6u);
  EXPECT_EQ(sizeOf(s).points, 6u);
  EXPECT_EQ(parameterTexts(s, points[1])[1].second, "2");
  EXPECT_EQ(parameterTexts(s, points[3])[0].second, "beta");
  EXPECT_EQ(idsOf(s, points).size(), 6u);
}

TEST(Space, AnInactiveParameterMakesNoDuplicates) {
  const Study s = study(studyText(
      "  clock: {categorical: [350 MHz, 450 MHz, 500 MHz], when: \"platform == 'alpha'\"}\n"
      "  deep: {ordinal: [1, 2], when: \"clock > 400 MHz\"}\n"));
  const auto points = enumerate(s, 100);
  // alpha: 350 alone, 450 and 500 with two depths each; beta: one point.
  EXPECT_EQ(points.size(), 6u);
  EXPECT_EQ(sizeOf(s).points, 6u);
  EXPECT_EQ(idsOf(s, points).size(), 6u);
  EXPECT_EQ(parameterTexts(s, points.back()).size(), 1u) << "beta has no other active gene";
}

TEST(Space, ConditionsMayUseTheWorkload) {
  const Study s = study(
      "workloads: [a, b]\ngenes:\n  platform: {categorical: [p]}\n"
      "  x: {ordinal: [1, 2, 3], when: \"workload == 'a'\"}\nobjectives: [{minimise: time_s}]\n");
  EXPECT_EQ(enumerate(s, 10).size(), 4u);
  EXPECT_EQ(sizeOf(s).points, 4u);
}

TEST(Space, HugeSpacesAreCountedAndRefusedWithAdvice) {
  std::string parameters;
  for (int g = 0; g < 12; ++g)
    parameters += "  g" + std::to_string(g) + ": {integer: {min: 1, max: 1000}}\n";
  const Study s = study(studyText(parameters));
  EXPECT_GE(sizeOf(s).points, std::uint64_t{1} << 62);
  try {
    enumerate(s, 1000000);
    FAIL() << "must refuse";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("more than the 1000000 of an exhaustive search"));
    EXPECT_THAT(error.what(), HasSubstr("method: sobol"));
    EXPECT_THAT(error.what(), HasSubstr("narrow the genes"));
  }
}

TEST(Space, ContinuousParametersCannotBeEnumerated) {
  const Study s = study(studyText("  x: {real: {min: 0, max: 1}}\n"));
  try {
    enumerate(s, 100);
    FAIL() << "must refuse";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("genes.x: is continuous"));
    EXPECT_THAT(error.what(), HasSubstr("points: N"));
  }
}

TEST(Space, TheIdIsContentNotOrder) {
  const Study a = study(studyText("  x: {ordinal: [1, 2]}\n  y: {ordinal: [5]}\n"));
  const Study b = study(studyText("  y: {ordinal: [4, 5]}\n  x: {ordinal: [2]}\n"));
  const DesignPoint inA{0, {0, 1, 0}}, inB{0, {0, 1, 0}};
  EXPECT_EQ(idOf(a, inA), idOf(b, inB)) << "alpha, x = 2, y = 5 in both";
  EXPECT_NE(idOf(a, inA), idOf(a, {0, {0, 0, 0}}));
  EXPECT_EQ(shortId(idOf(a, inA)).size(), 16u);
}

TEST(Space, TheIdCoversWhatTheStudyFixes) {
  const Study a = study(studyText("", "set: {workload.batch: 1}\n"));
  const Study b = study(studyText("", "set: {workload.batch: 2}\n"));
  const Study c = study(studyText("", "set: {workload.batch: 1}\nscope: chip\n"));
  const DesignPoint p{0, {0}};
  EXPECT_NE(idOf(a, p), idOf(b, p));
  EXPECT_NE(idOf(a, p), idOf(c, p));
  EXPECT_EQ(idOf(study(studyText("  x: {ordinal: [1], when: \"platform == 'beta'\"}\n",
                                 "set: {batch: 1}\n")),
                 {0, {0, std::nan("")}}),
            idOf(a, p))
      << "an inactive gene does not exist";
}

TEST(Space, SpecsHoldAliasesFixedAndDerivedValues) {
  const Study s = study(studyText("  format: {categorical: [int8]}\n  width: {ordinal: [3]}\n",
                                  "set: {batch: 4}\nderived: {half: \"width / 2\", "
                                  "network.wide: \"ceil(half) * 2\"}\n"));
  const ExperimentSpec spec = specOf(s, {0, {1, 0, 0}});
  EXPECT_EQ(spec.platform, "beta");
  EXPECT_EQ(spec.workload, "net");
  std::map<std::string, std::string> sets;
  for (const auto& [key, node] : spec.sets) sets[key] = node.scalar();
  EXPECT_EQ(sets.at("workload.format"), "int8");
  EXPECT_EQ(sets.at("workload.batch"), "4");
  EXPECT_EQ(sets.at("network.wide"), "4");
  EXPECT_EQ(sets.count("half"), 0u) << "a name without a dot is only for expressions";
}

TEST(Space, ConstraintsOnParametersNeedNoEvaluation) {
  const Study s = study(studyText("  x: {ordinal: [1, 2]}\n", "constraints: [\"x < 2\"]\n"));
  EXPECT_FALSE(violatedBefore(s, {0, {0, 0}}));
  EXPECT_EQ(*violatedBefore(s, {0, {0, 1}}), "constraint not met: x < 2");
}

class Sampling : public testing::TestWithParam<SearchMethod> {};

TEST_P(Sampling, GivesDifferentDesignsTheSameOnEachRunAndOtherOnesWithAnotherSeed) {
  const Study s =
      study(studyText("  x: {integer: {min: 1, max: 50}}\n  y: {real: {min: 0, max: 1}}\n"));
  const auto a = samplePoints(s, GetParam(), 64, 1), b = samplePoints(s, GetParam(), 64, 1),
             c = samplePoints(s, GetParam(), 64, 2);
  EXPECT_EQ(a.size(), 64u);
  EXPECT_EQ(idsOf(s, a).size(), 64u);
  EXPECT_EQ(idsOf(s, a), idsOf(s, b));
  EXPECT_NE(idsOf(s, a), idsOf(s, c));
}

TEST_P(Sampling, EndsWhenASmallSpaceIsUsedUp) {
  const Study s = study(studyText("  x: {ordinal: [1, 2, 3]}\n"));
  EXPECT_EQ(samplePoints(s, GetParam(), 1000, 1).size(), 6u);
}

INSTANTIATE_TEST_SUITE_P(Methods, Sampling,
                         testing::Values(SearchMethod::random, SearchMethod::sobol),
                         [](const auto& p) { return std::string(nameOf(p.param)); });

TEST(Space, SobolCoversEvenly) {
  const Study s = study(studyText("  y: {real: {min: 0, max: 1}}\n"));
  std::vector<int> bins(16, 0);
  for (const DesignPoint& point : samplePoints(s, SearchMethod::sobol, 256, 3))
    ++bins[static_cast<std::size_t>(point.parameters[1] * 16)];
  for (const int n : bins) EXPECT_NEAR(n, 16, 2);
}

TEST(Space, WorkloadsGetTheSameDesigns) {
  const Study s = study(
      "workloads: [a, b]\ngenes:\n  platform: {categorical: [p]}\n"
      "  x: {real: {min: 0, max: 1}}\nobjectives: [{minimise: time_s}]\n");
  const auto points = samplePoints(s, SearchMethod::sobol, 20, 1);
  ASSERT_EQ(points.size(), 20u);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(points[i].parameters, points[i + 10].parameters);
}

TEST(Space, AConstraintWithoutAValueIsNotMet) {
  for (const char* constraint : {"sqrt(0 - x) > 0", "log2(x - x) > 5", "x < 1 / (x - x)",
                                 "(x - x) / (x - x) > 1", "not (sqrt(0 - x) > 0)"}) {
    const Study s = study(studyText("  x: {ordinal: [1, 2, 3]}\n",
                                    std::string("constraints: [\"") + constraint + "\"]\n"));
    const auto violated = violatedBefore(s, {0, {0, 1}});
    ASSERT_TRUE(violated) << constraint;
    EXPECT_THAT(*violated, HasSubstr("has no value here"));
  }
}

TEST(Space, ASettingWithoutAValueIsNoConfiguration) {
  const Study s = study(studyText("  x: {ordinal: [1, 2]}\n", "derived: {a.b: sqrt(0 - x)}\n"));
  EXPECT_THROW(specOf(s, {0, {0, 0}}), InputError);
}

TEST(Space, ChainsOfDerivedValuesAreWorkedOutOnce) {
  std::string derived = "derived:\n  d0: x + 1\n";
  for (int i = 1; i < 1000; ++i) {
    const std::string before = "d" + std::to_string(i - 1);
    derived += "  d" + std::to_string(i) + ": \"" + before + " / 2 + " + before + " / 2\"\n";
  }
  const Study s =
      study(studyText("  x: {ordinal: [1, 2]}\n", derived + "constraints: [d999 > 0]\n"));
  EXPECT_FALSE(violatedBefore(s, {0, {0, 1}}));
  EXPECT_EQ(slotValue(s, {0, {0, 1}}, s.slots.firstDerived() + 999).number, 3);
}

}  // namespace
}  // namespace wattlas
