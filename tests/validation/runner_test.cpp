// From comparisons as data to rows: kinds, gates, figures over data, verdicts.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "validation/group_file.h"
#include "validation/row.h"

namespace wattlas {
namespace {

/// A folder with validation/NAME files of one test.
class Runner : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::temp_directory_path() /
            ("wattlas-runner-" +
             std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::create_directories(root_ / "validation");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(root_ / "validation" / name) << text;
  }
  SearchPath path() const { return SearchPath({root_.string()}); }
  ValidationRows rows(const std::string& sets) const {
    write("group.yaml", "what: test\nsets:\n" + sets);
    return validationRows(readGroup("group", path()), probes(), path());
  }
  std::string refusal(const std::string& sets) const {
    try {
      rows(sets);
    } catch (const InputError& error) {
      return error.what();
    }
    return "not refused";
  }
  /// Answers with `value` of the settings as `time_s`, or refuses.
  static Probes probes() {
    return {{"echo", [](const std::vector<Settings>& questions) {
               std::vector<Answer> answers;
               for (const Settings& q : questions) {
                 if (q.get("value") == "refuse")
                   answers.push_back({{}, "refused"});
                 else
                   answers.push_back({{{"time_s", q.number("value")}}, {}});
               }
               return answers;
             }}};
  }
  std::filesystem::path root_;
};

const std::string head = "  - {probe: echo, source: here, quantity: time_s, unit: us, ";

TEST_F(Runner, KindFollowsFromWhatWasChosenInView) {
  const auto kind = [&](const std::string& fitted) {
    return rows(head + "gate: 0.1, fitted_on: " + fitted +
                ", rows: [{id: a, settings: {value: 2e-6}, reference: 2}]}\n")[0]
        .kind;
  };
  EXPECT_EQ(kind("[]"), RowKind::blind);
  EXPECT_EQ(kind("[form split rule]"), RowKind::seen);
  EXPECT_EQ(kind("[form split rule, parameter start]"), RowKind::calibration);
  EXPECT_EQ(kindOf(ReferenceBasis::equations, {}), RowKind::identity);
  EXPECT_NE(refusal(head + "gate: 0.1, fitted_on: [looked at], rows: [{id: a, reference: 2}]}\n")
                .find("'parameter NAME' or 'form TEXT'"),
            std::string::npos);
}

TEST_F(Runner, BlindAndSeenRowsNeedAGateAndEverySetSaysWhatWasFitted) {
  const std::string row = "rows: [{id: a, settings: {value: 1}, reference: 2}]}\n";
  EXPECT_NE(refusal(head + "fitted_on: [], " + row).find("without a gate"), std::string::npos);
  EXPECT_NE(refusal(head + "fitted_on: [form x], " + row).find("without a gate"),
            std::string::npos);
  EXPECT_NE(refusal(head + "gate: 0.1, " + row).find("fitted_on"), std::string::npos);
  EXPECT_EQ(refusal(head + "fitted_on: [parameter x], " + row), "not refused");
}

TEST_F(Runner, OursIsInTheUnitOfTheRowAndMayBeARatio) {
  const ValidationRows all =
      rows(head +
           "gate: 0.1, fitted_on: [], rows: [{id: a, settings: {value: 3e-6}, reference: 2}, "
           "{id: b, unit: x, settings: {value: 3e-6}, over: {value: 1.5e-6}, reference: 2}]}\n");
  EXPECT_DOUBLE_EQ(all[0].ours, 3);
  EXPECT_DOUBLE_EQ(all[0].error(), 0.5);
  EXPECT_DOUBLE_EQ(all[1].ours, 2);
  EXPECT_TRUE(all[1].pass());
}

TEST_F(Runner, FiguresOverDataCountWhatWasAnswered) {
  write("data.csv",
        "# comment, with \"quotes\"\ndevice,value,measured_us,peer_us,split\n"
        "A,1.1e-6,1,2,test\nA,1.3e-6,1,1,test\nA,refuse,1,1,test\nA,9,1,1,fit\nB,2e-6,1,1,test\n");
  const ValidationRows all =
      rows(head +
           "data: data.csv, id: '{device} {name} {statistic}', reference: measured_us, peer: "
           "peer_us, fitted_on: [], figures: [{name: x, where: {split: test}, mean: 0.25, max: "
           "0.2}]}\n");
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].id, "A x mean");
  EXPECT_NEAR(all[0].ours, 0.2, 1e-9);
  EXPECT_NEAR(all[0].reference, 1.0 / 3, 1e-9);
  EXPECT_NE(all[0].quantity.find("2 of 3 values"), std::string::npos) << all[0].quantity;
  EXPECT_EQ(all[0].points.size(), 3u);
  EXPECT_TRUE(all[0].pass());
  EXPECT_EQ(all[1].id, "A x max");
  EXPECT_NEAR(all[1].ours, 0.3, 1e-9);
  EXPECT_FALSE(all[1].pass());
  EXPECT_EQ(all[2].id, "B x mean");
}

TEST_F(Runner, AFigureOfNoLinesOrOfAnUnknownColumnIsRefused) {
  write("data.csv", "device,value,measured_us\nA,1e-6,1\n");
  const std::string set = head + "data: data.csv, id: '{name}', reference: measured_us, ";
  EXPECT_NE(refusal(set + "fitted_on: [], figures: [{name: x, where: {device: B}, mean: 1}]}\n")
                .find("no line"),
            std::string::npos);
  EXPECT_NE(refusal(set + "fitted_on: [], figures: [{name: x, where: {dev: A}, mean: 1}]}\n")
                .find("no column 'dev'"),
            std::string::npos);
}

TEST_F(Runner, AnUnansweredRowFailsUnlessItIsAKnownGap) {
  const ValidationRows all =
      rows(head +
           "gate: 0.1, fitted_on: [], rows: [{id: a, settings: {value: refuse}, reference: 2}]}\n");
  EXPECT_TRUE(std::isnan(all[0].ours));
  EXPECT_EQ(Judge(path(), false).judge(all[0]).verdict, Verdict::fail);
  EXPECT_EQ(Judge(path(), false).judge(all[0]).note, "refused");
  write("known-gaps.yaml", "group/a: not built yet\n");
  EXPECT_EQ(Judge(path(), false).judge(all[0]).verdict, Verdict::gap);
  EXPECT_EQ(Judge(path(), true).judge(all[0]).verdict, Verdict::fail);
}

TEST_F(Runner, TheRatchetHoldsErrorsAndStaleGapsAreNamed) {
  const ValidationRows all =
      rows(head +
           "gate: 0.5, fitted_on: [], rows: [{id: a, settings: {value: 2.2e-6}, reference: 2}]}\n");
  write("achieved.yaml", "group/a: 0.1\nrelabelled: {group/a: was blind}\n");
  EXPECT_EQ(Judge(path(), false).judge(all[0]).verdict, Verdict::pass);
  write("achieved.yaml", "group/a: 0.05\n");
  EXPECT_EQ(Judge(path(), false).judge(all[0]).verdict, Verdict::worse);
  write("known-gaps.yaml", "group/a: passes\ngroup/b: is gone\nother/c: not asked\n");
  EXPECT_EQ(Judge(path(), false).staleGaps("group", all).size(), 2u);
}

}  // namespace
}  // namespace wattlas
