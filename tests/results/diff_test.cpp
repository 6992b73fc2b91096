// Two results files point by point.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/base/error.h"
#include "results/store.h"
#include "results/table.h"
#include "tests/results/sample.h"

namespace wattlas {
namespace {

using test::Folder;
using test::sampleResult;
using testing::HasSubstr;
using testing::Not;

class Diff : public ::testing::Test {
 protected:
  Store store(const std::string& name, const std::vector<PointRow>& rows,
              const std::string& scope = "node") {
    StoreWriter writer({"study", scope, "activity", ""});
    for (PointRow row : rows) {
      row.scope = scope;
      writer.append(row);
    }
    writer.commit(folder_ / name);
    return Store(folder_ / name);
  }
  static PointRow point(const std::string& id, double scale = 1) {
    return makePointRow(id, sampleResult("upmem-dimm", scale));
  }
  Folder folder_;
};

TEST_F(Diff, EqualFilesHaveNothingToSay) {
  EXPECT_EQ(printDiff(store("a", {point("x")}), store("b", {point("x")})),
            "1 equal, 0 changed, 0 only in the first file, 0 only in the second\n");
}

TEST_F(Diff, NumbersAreGivenWithUnitsAndPercent) {
  const std::string text = printDiff(store("a", {point("x", 1)}), store("b", {point("x", 1.5)}));
  EXPECT_THAT(text, HasSubstr("time             1.25 s -> 1.875 s  (+50 %)"));
  EXPECT_THAT(text, HasSubstr("1 changed, 1.5x to 1.5x, geometric mean 1.5x"));
}

TEST_F(Diff, TheGreatestChangeStandsFirst) {
  const std::string text = printDiff(store("a", {point("small"), point("great")}),
                                     store("b", {point("small", 1.1), point("great", 0.1)}));
  EXPECT_LT(text.find("great"), text.find("small"));
}

TEST_F(Diff, FeasibilityAndFrontChangesAreNamed) {
  PointRow refused = makePointRow("x", test::infeasibleResult()), front = point("y");
  front.pareto = true;
  const std::string text =
      printDiff(store("a", {point("x"), point("y")}), store("b", {refused, front}));
  EXPECT_THAT(text, HasSubstr("now infeasible: weights need 140 GB"));
  EXPECT_THAT(text, HasSubstr("joins the Pareto set"));
}

TEST_F(Diff, PointsOfOneFileOnlyAreListed) {
  const std::string text = printDiff(store("a", {point("x")}), store("b", {point("y")}));
  EXPECT_THAT(text, HasSubstr("- x"));
  EXPECT_THAT(text, HasSubstr("+ y"));
  EXPECT_THAT(text, HasSubstr("no point is in both files"));
}

TEST_F(Diff, LongListsAreCutAndSaySo) {
  std::vector<PointRow> rows;
  for (int i = 0; i < 9; ++i) rows.push_back(point("p" + std::to_string(i)));
  const Store a = store("a", rows), b = store("b", {});
  EXPECT_THAT(printDiff(a, b, 4), HasSubstr("and 5 more"));
  EXPECT_THAT(printDiff(a, b, 9), Not(HasSubstr("more")));
}

TEST_F(Diff, FurtherNumbersCountToo) {
  PointRow x = point("x"), y = point("x");
  x.extra = {{"decode.tokens_per_s", 10}};
  y.extra = {{"decode.tokens_per_s", 20}};
  EXPECT_THAT(printDiff(store("a", {x}), store("b", {y})), HasSubstr("tokens per second"));
}

TEST_F(Diff, OtherScopesAreRefused) {
  EXPECT_THROW(printDiff(store("a", {point("x")}), store("b", {point("x")}, "chip")), InputError);
}

}  // namespace
}  // namespace wattlas
