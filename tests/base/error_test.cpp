// Do messages say what is wrong, where, what was expected and what to do?
#include "models/base/error.h"

#include <gtest/gtest.h>

#include "models/base/plain_text.h"

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

TEST(Nearest, TakesTheSameLettersInAnotherCaseAndPrefersTheirCase) {
  EXPECT_EQ(nearest("FP16", {"fp8-e4m3", "fp16"}), "fp16");
  EXPECT_EQ(nearest("mw", {"MW", "mW"}), "mW");
}

TEST(DidYouMean, NamesWhatThePartBelongsTo) {
  EXPECT_EQ(didYouMean("h100", {"gpu-h100-pcie", "upmem-dimm", "gpu-h100-sxm"}),
            "did you mean 'gpu-h100-pcie' or 'gpu-h100-sxm'?");
  EXPECT_EQ(didYouMean("v", {"voltage"}), "");
}

TEST(Nearest, StaysSilentWhenNothingIsNear) {
  EXPECT_FALSE(nearest("voltage", {"clock", "rows"}));
  EXPECT_FALSE(nearest(std::string(5000, 'x'), {"clock"}));
}

TEST(Problem, PrintsNothingThatATerminalWouldObey) {
  const Problem p{{"a\x1b[2J.yaml", 1}, "k\ney", "'\x07\xC2\x9B' \xFF \xE2\x80\xAE", {}, {}};
  EXPECT_EQ(p.text(),
            "a?[2J.yaml:1: k ey: '?"
            "?' ? ?");
}

TEST(Problem, IsCutAtASensibleLength) {
  const std::string text = Problem{{}, {}, std::string(5'000'000, 'x'), {}, {}}.text();
  EXPECT_LT(text.size(), 1100u);
  EXPECT_TRUE(text.ends_with("x..."));
}

TEST(PlainText, KeepsLettersOfAllLanguages) {
  EXPECT_EQ(plainText("Größe µs 時間 🙂"), "Größe µs 時間 🙂");
}

}  // namespace
}  // namespace wattlas
