#include "explorer/eval.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/explorer/fake_model.h"
#include "tests/explorer/study_text.h"

namespace wattlas {
namespace {

using nlohmann::json;
using test::study;
using test::studyText;
using testing::HasSubstr;

const Study& twoParameters() {
  static const Study s =
      study(studyText("  x: {ordinal: [1, 2, 4]}\n"
                      "  y: {integer: {min: 1, max: 9}, when: \"platform == 'alpha'\"}\n",
                      "constraints: [\"time_s < 8 s\"]\n"));
  return s;
}

json answer(const std::string& line, const Study* s = &twoParameters()) {
  return json::parse(EvalSession(s, test::fakeRun).answer(line));
}

TEST(Eval, AnswersAPointOfAStudyWithItsObjectives) {
  const json out = answer(R"({"genes": {"platform": "alpha", "x": 4, "y": 3}, "tag": [7]})");
  EXPECT_EQ(out["status"], "done");
  EXPECT_EQ(out["objectives"]["time_s"], 2.5);
  EXPECT_EQ(out["objectives"]["energy_j"], 12);
  EXPECT_EQ(out["tag"], json::array({7}));
}

TEST(Eval, ParametersMayStandFlatAndThoseThatDoNotExistThereAreIgnored) {
  const json a = answer(R"({"platform": "beta", "x": 4})");
  const json b = answer(R"({"platform": "beta", "x": "4", "y": 5})");
  EXPECT_EQ(a["point_id"], b["point_id"]);
  EXPECT_EQ(a["status"], "done");
}

TEST(Eval, AViolatedConstraintIsInfeasibleWithNullObjectives) {
  const json out = answer(R"({"platform": "alpha", "x": 1, "y": 1})");
  EXPECT_EQ(out["status"], "infeasible");
  EXPECT_TRUE(out["objectives"]["time_s"].is_null());
  EXPECT_THAT(out["reason"], HasSubstr("constraint not met"));
}

TEST(Eval, WithoutAStudyALineHoldsPlatformWorkloadAndSettings) {
  const json out =
      answer(R"({"platform": "alpha", "workload": "net", "set": {"x": 5}, "y": 2})", nullptr);
  EXPECT_EQ(out["metrics"]["time_s"], 2);
  EXPECT_EQ(out["metrics"]["energy_j"], 10);
}

struct BadInput {
  const char* line;
  const char* reason;
};
class EvalError : public testing::TestWithParam<BadInput> {};

TEST_P(EvalError, IsARowWithItsReason) {
  const json out = answer(GetParam().line);
  EXPECT_EQ(out["status"], "error");
  EXPECT_EQ(out["feasible"], false);
  EXPECT_THAT(out["reason"].get<std::string>(), HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    Each, EvalError,
    testing::Values(BadInput{"{", "not JSON"}, BadInput{"[1]", "not a JSON object"},
                    BadInput{"\xff\xfe", "not JSON"}, BadInput{"{}", "'platform' is missing"},
                    BadInput{R"({"platform": "alpha", "z": 1})", "is no gene"},
                    BadInput{R"({"platform": "alhpa", "x": 1, "y": 1})", "alpha"},
                    BadInput{R"({"platform": "alpha", "x": 1})", "gene 'y' is missing"},
                    BadInput{R"({"platform": "alpha", "x": null, "y": 1})", "has no value"},
                    BadInput{R"({"genes": 3})", "not an object"},
                    BadInput{R"({"platform": "alpha", "x": 1, "y": 1, "workload": "no"})",
                             "no workload"},
                    BadInput{R"({"platform": "alpha", "x": 1e999, "y": 1})", "not JSON"}));

TEST(Eval, ACrashOfTheModelIsAFailedRowNotAnEnd) {
  const Study s = study(studyText("  act: {categorical: [throw, none]}\n"));
  const json out = answer(R"({"platform": "alpha", "act": "throw"})", &s);
  EXPECT_EQ(out["status"], "failed");
  EXPECT_THAT(out["reason"], HasSubstr("the model has a bug"));
}

TEST(Eval, DeeplyNestedInputIsRefused) {
  const std::string deep(200000, '[');
  const std::string shut(200000, ']');
  EXPECT_THAT(answer("{\"platform\": " + deep + shut + "}")["reason"].get<std::string>(),
              HasSubstr("nested too deeply"));
  EXPECT_THAT(answer("{\"tag\": " + deep + shut + "}")["reason"].get<std::string>(),
              HasSubstr("nested too deeply"));
  EXPECT_THAT(answer(deep)["reason"].get<std::string>(), HasSubstr("not JSON"));
}

TEST(Eval, ALineBeyondTheLimitIsSkippedWithoutBeingHeld) {
  std::istringstream in("\n  \r\n" + std::string(3 * longestEvalLine, 'x') + "\n{\"a\": 1}\nlast");
  const auto first = nextEvalLine(in);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->tooLong);
  EXPECT_TRUE(first->text.empty());
  EXPECT_EQ(nextEvalLine(in)->text, "{\"a\": 1}");
  EXPECT_EQ(nextEvalLine(in)->text, "last");
  EXPECT_FALSE(nextEvalLine(in));
}

TEST(Eval, CountsLines) {
  EvalSession session(&twoParameters(), test::fakeRun);
  EXPECT_EQ(json::parse(session.answer("{"))["line"], 1);
  EXPECT_EQ(json::parse(session.tooLong())["line"], 2);
}

}  // namespace
}  // namespace wattlas
