#include "explorer/study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/explorer/study_text.h"
#include "tests/paths.h"

namespace wattlas {
namespace {

using test::problemsOf;
using test::studyText;
using testing::AllOf;
using testing::HasSubstr;

TEST(Study, TheExampleOfTheContractCompiles) {
  const Study study = test::study(R"(
name: quickstart
workloads: [ecg-dscnn1d, llama2-7b]
genes:
  platform: {categorical: [upmem-dimm, upmem-samac-col256, pim-ai-4chip, gpu-h100-sxm, fpga-zcu104]}
  format:   {categorical: [int8, int4, ternary]}
  dpu.clock: {categorical: [350 MHz, 450 MHz], when: "platform in ['upmem-dimm', 'upmem-samac-col256']"}
scope: node
set: {workload.batch: 1}
constraints: ["power_peak_w < 1500"]
objectives: [{minimise: time_s}, {minimise: energy_j}, {minimise: power_peak_w}]
fidelity: event
search: {method: exhaustive, budget: 0, seed: 1}
)");
  EXPECT_EQ(study.name, "quickstart");
  EXPECT_EQ(study.workloads.size(), 2u);
  ASSERT_EQ(study.parameters.size(), 3u);
  EXPECT_EQ(study.parameterIndex("workload.format"), 1) << "an alias names the same gene";
  EXPECT_TRUE(study.parameters[2].when);
  EXPECT_TRUE(study.constraints[0].needsResult);
  EXPECT_EQ(study.objectives.size(), 3u);
  EXPECT_EQ(study.search.method, SearchMethod::exhaustive);
}

TEST(Study, OtherSpellingsMeanTheSame) {
  const std::string genes = studyText("  x: {ordinal: [1, 2]}\n");
  std::string parameters = genes;
  parameters.replace(parameters.find("genes:"), 6, "parameters:");
  EXPECT_EQ(test::study(parameters).tree.toYaml(), test::study(genes).tree.toYaml());
  EXPECT_THAT(problemsOf(genes + "parameters: {}\n"), HasSubstr("stands beside 'genes'"));
  const Study study = test::study(
      "workloads: [net]\ngenes: {platform: {categorical: [alpha]}}\n"
      "objectives: [{minimize: edp}, {maximize: tokens_per_s}]\n");
  EXPECT_EQ(study.objectives[0].name, "edp_js");
  EXPECT_TRUE(study.objectives[1].maximise);
}

TEST(Study, WorkloadsAreNamedWithoutTheirPath) {
  const Study study = test::study(
      "workloads: [/home/me/a/net.yaml, b/net.yaml, nets/other.yaml, opt-1.3b, 'gemv:64x64']\n"
      "genes: {platform: {categorical: [alpha]}}\nobjectives: [{minimise: time_s}]\n");
  EXPECT_EQ(study.workloadName(0), "a-net");
  EXPECT_EQ(study.workloadName(1), "b-net");
  EXPECT_EQ(study.workloadName(2), "other");
  EXPECT_EQ(study.workloadName(3), "opt-1.3b");
  EXPECT_EQ(study.workloadName(4), "gemv:64x64");
}

TEST(Study, AllParameterKindsAreRead) {
  const Study study = test::study(studyText(R"(
  a: {ordinal: [1, 2, 8]}
  b: {integer: {min: 2, max: 9, step: 3}}
  c: {real: {min: 0.5, max: 1.5}}
  d: {log: {min: 1 MHz, max: 100 MHz, points: 3}}
  e: {categorical: [[8, 8, 4], [4, 4, 4]]}
)"));
  EXPECT_EQ(study.parameters[2].texts, (std::vector<std::string>{"2", "5", "8"}));
  EXPECT_TRUE(study.parameters[3].continuous());
  EXPECT_EQ(study.parameters[4].texts, (std::vector<std::string>{"1 MHz", "10 MHz", "100 MHz"}));
  EXPECT_EQ(study.parameters[5].texts[0], "[8, 8, 4]");
  EXPECT_TRUE(study.parameters[5].values[0].isList());
}

TEST(Study, EveryProblemIsReportedAtOnce) {
  const std::string text = problemsOf("workloads: []\ngenes: {x: 3}\nobjectives: []\nfoo: 1\n");
  EXPECT_THAT(
      text, AllOf(HasSubstr("workloads: no workload is given"), HasSubstr("genes.x: is not a gene"),
                  HasSubstr("objectives"), HasSubstr("foo: unknown key")));
}

TEST(Study, MessagesNameFileLineKeyAndRemedy) {
  EXPECT_THAT(problemsOf(studyText("  x: {categorical: [1, 1]}\n")),
              HasSubstr("study.yaml:4: genes.x.categorical: lists '1' twice"));
  EXPECT_THAT(problemsOf(studyText("  x: {categorcal: [1]}\n")),
              HasSubstr("did you mean 'categorical'?"));
}

struct BadStudy {
  const char* name;
  std::string text;
  const char* message;
};

class StudyProblem : public testing::TestWithParam<BadStudy> {};

TEST_P(StudyProblem, IsExplained) {
  EXPECT_THAT(problemsOf(GetParam().text), HasSubstr(GetParam().message));
}

const BadStudy badStudies[] = {
    {"Empty", "", "is not a study"},
    {"NotAMap", "[1, 2]", "is not a study"},
    {"NoGenes", "workloads: [a]\nobjectives: [{minimise: time_s}]\n", "genes: missing"},
    {"NoPlatform",
     "workloads: [a]\ngenes: {x: {categorical: [1]}}\nobjectives: [{minimise: time_s}]\n",
     "genes.platform: missing"},
    {"GeneIsList", studyText("  x: [1, 2]\n"), "write {categorical: [1, 2]}"},
    {"EmptyList", studyText("  x: {categorical: []}\n"), "is not a list of choices"},
    {"EmptyChoice", studyText("  x: {categorical: [1, ~]}\n"), "has an empty choice"},
    {"TwoKinds", studyText("  x: {categorical: [1], ordinal: [1]}\n"), "a gene has one kind"},
    {"NoKind", studyText("  x: {when: \"platform == 'alpha'\"}\n"), "has no choices"},
    {"OrdinalNames", studyText("  x: {ordinal: [a, b]}\n"), "use categorical for names"},
    {"OrdinalOrder", studyText("  x: {ordinal: [2, 1]}\n"), "is not above the one before it"},
    {"NoMax", studyText("  x: {integer: {min: 1}}\n"), "has no 'max'"},
    {"RangeText", studyText("  x: {integer: {min: a, max: 3}}\n"), "'a' is not a number"},
    {"RangeOrder", studyText("  x: {real: {min: 3, max: 3}}\n"), "min is not below max"},
    {"RangeUnits", studyText("  x: {real: {min: 1 MHz, max: 2 GHz}}\n"), "different units"},
    {"RangeKey", studyText("  x: {integer: {min: 1, max: 2, stp: 1}}\n"), "did you mean 'step'?"},
    {"NotARange", studyText("  x: {integer: 3}\n"), "is not a range"},
    {"Step", studyText("  x: {integer: {min: 1, max: 9, step: 0}}\n"), "'0' is not a step"},
    {"Fraction", studyText("  x: {integer: {min: 1.5, max: 9}}\n"), "use real for fractions"},
    {"Huge", studyText("  x: {integer: {min: 1, max: 1000000000}}\n"), "more than 100000 choices"},
    {"LogZero", studyText("  x: {log: {min: 0, max: 9}}\n"), "min is not above zero"},
    {"Points", studyText("  x: {real: {min: 0, max: 9, points: 1}}\n"),
     "is not a number of points"},
    {"WhenNumber", studyText("  x: {categorical: [1], when: \"3\"}\n"), "is not yes or no"},
    {"WhenLater", studyText("  x: {categorical: [1], when: \"y == 1\"}\n  y: {categorical: [1]}\n"),
     "unknown name 'y'"},
    {"WhenMetric", studyText("  x: {categorical: [1], when: \"time_s < 1\"}\n"),
     "unknown name 'time_s'"},
    {"Scope", studyText("  run.scope: {categorical: [chip, node]}\n"), "cannot be compared"},
    {"Fidelity", studyText("  run.fidelity: {categorical: [event]}\n"), "fidelity is no gene"},
    {"Alias",
     studyText("  format: {categorical: [int8]}\n  workload.format: {categorical: [int4]}\n"),
     "sets the same parameter as gene 'format'"},
    {"SetAndGene", studyText("  format: {categorical: [int8]}\n", "set: {workload.format: int4}\n"),
     "is also a gene"},
    {"SetScope", studyText("", "set: {run.scope: chip}\n"), "has a key of its own"},
    {"SetList", studyText("", "set: [1]\n"), "KEY: VALUE"},
    {"BadScope", studyText("", "scope: chp\n"), "did you mean 'chip'?"},
    {"ConstraintNumber", studyText("", "constraints: [\"time_s + 1\"]\n"), "is not yes or no"},
    {"ConstraintName", studyText("", "constraints: [\"powr_peak_w < 3\"]\n"),
     "did you mean 'power_peak_w'?"},
    {"ConstraintMap", studyText("", "constraints: {a: b}\n"), "constraints: is not a list"},
    {"DerivedGene", studyText("  x: {categorical: [1]}\n", "derived: {x: \"2\"}\n"),
     "is also a gene"},
    {"DerivedMetric", studyText("", "derived: {a.b: \"time_s * 2\"}\n"), "unknown name 'time_s'"},
    {"Method", studyText("", "search: {method: nsga3}\n"), "did you mean 'nsga2'?"},
    {"Budget", studyText("", "search: {budget: -1}\n"), "out of range"},
    {"Population", studyText("", "search: {population: 1}\n"), "out of range"},
    {"Workloads",
     "workloads: [a, a]\ngenes: {platform: {categorical: [b]}}\nobjectives: [{minimise: time_s}]\n",
     "'a' is listed twice"},
    {"NoObjectives", "workloads: [a]\ngenes: {platform: {categorical: [b]}}\n",
     "objectives: missing"},
    {"Misspelt",
     "workloads: [a]\ngenes: {platform: {categorical: [b]}}\nobjectives: [{minimse: time_s}]\n",
     "did you mean 'minimise'?"},
    {"ObjectiveGene",
     "workloads: [a]\ngenes: {platform: {categorical: [b]}, x: {ordinal: [1]}}\n"
     "objectives: [{minimise: x}]\n",
     "does not depend on the result"},
    {"ObjectiveTwice",
     "workloads: [a]\ngenes: {platform: {categorical: [b]}}\n"
     "objectives: [{minimise: time_s}, {maximise: time_s}]\n",
     "is an objective twice"},
};

INSTANTIATE_TEST_SUITE_P(Each, StudyProblem, testing::ValuesIn(badStudies),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(Study, MissingFilesAndIdsAreNamed) {
  const SearchPath path({wattlas::test::sourceRoot()});
  EXPECT_THROW(loadStudy("no/such/study.yaml", path), InputError);
  try {
    loadStudy("nosuchstudy", path);
    FAIL() << "must throw";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("unknown study 'nosuchstudy'"));
  }
}

TEST(Study, OverridesOfTheCommandLineWin) {
  const auto file = std::filesystem::path(testing::TempDir()) / "wattlas-study-override.yaml";
  std::ofstream(file) << studyText("", "search: {seed: 5}\nset: {workload.batch: 1}\n");
  StudyOverrides overrides;
  overrides.seed = 77;
  overrides.sets.push_back({"workload.batch", ConfigNode::ofScalar("4")});
  const Study study = loadStudy(file.string(), SearchPath(), overrides);
  EXPECT_EQ(study.search.seed, 77u);
  ASSERT_EQ(study.sets.size(), 1u);
  EXPECT_EQ(study.sets[0].second.scalar(), "4");
  std::filesystem::remove(file);
}

TEST(Study, ReadsBackFromItsOwnText) {
  const Study study =
      test::study(studyText("  x: {categorical: [350 MHz, 'a: b'], when: "
                            "\"platform in ['alpha', 'x y']\"}\n"));
  const Study again = test::study(study.tree.toYaml());
  EXPECT_EQ(again.tree.hash(), study.tree.hash());
  EXPECT_EQ(again.parameters[1].texts, study.parameters[1].texts);
}

TEST(Study, AllShippedStudiesCompile) {
  const SearchPath path({wattlas::test::sourceRoot()});
  const auto studies = path.list("studies");
  EXPECT_EQ(studies.count("quickstart"), 1u);
  for (const auto& [id, file] : studies) EXPECT_NO_THROW(loadStudy(id, path)) << id;
}

TEST(Study, HasASchema) {
  EXPECT_THAT(studySchema(), AllOf(HasSubstr("\"objectives\""), HasSubstr("\"budget\"")));
}

TEST(StudyProblems, OneObjectiveIsNoSearchOfFronts) {
  EXPECT_THAT(test::problemsOf("workloads: [net]\ngenes:\n  platform: {categorical: [alpha]}\n"
                               "objectives: [{minimise: time_s}]\n"
                               "search: {method: nsga2, budget: 9}\n"),
              testing::HasSubstr("study.yaml:5: search.method: nsga2 needs at least two"));
}

}  // namespace
}  // namespace wattlas
