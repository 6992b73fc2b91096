// Do messages say what is wrong, where, what was expected and what to do?
#include "models/base/error.h"

#include <gtest/gtest.h>

namespace wattlas {
namespace {

TEST(Problem, NamesPlaceKeyExpectationAndHint) {
  const Problem p{{"a.yaml", 7}, "dpu.clock", "has no unit", "a frequency", "add MHz"};
  EXPECT_EQ(p.text(), "a.yaml:7: dpu.clock: has no unit (expected a frequency; add MHz)");
}

TEST(Problem, LeavesOutWhatIsUnknown) {
  EXPECT_EQ((Problem{{}, {}, "missing", {}, {}}).text(), "missing");
}

TEST(Problems, AreThrownTogether) {
  Problems problems;
  problems.add({{}, "a", "first", {}, {}});
  problems.add({{}, "b", "second", {}, {}});
  try {
    problems.finish();
    FAIL() << "nothing thrown";
  } catch (const InputError& error) {
    EXPECT_EQ(error.problems().size(), 2u);
    EXPECT_STREQ(error.what(), "a: first\nb: second");
  }
}

TEST(Nearest, FindsTypingErrors) {
  EXPECT_EQ(nearest("clok", {"clock", "rows"}), "clock");
  EXPECT_EQ(nearest("tasklet", {"clock", "tasklets"}), "tasklets");
}

TEST(Nearest, StaysSilentWhenNothingIsNear) {
  EXPECT_FALSE(nearest("voltage", {"clock", "rows"}));
  EXPECT_FALSE(nearest(std::string(5000, 'x'), {"clock"}));
}

}  // namespace
}  // namespace wattlas
