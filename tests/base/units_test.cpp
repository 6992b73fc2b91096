// Are quantities read, printed and converted without loss?
#include "models/base/units.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <stdexcept>

#include "models/base/error.h"

namespace wattlas {
namespace {

std::string complaint(const std::string& text, Dimension dimension) {
  try {
    parseQuantity(text, dimension);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Units, ReadsEveryPrefix) {
  EXPECT_DOUBLE_EQ(parseQuantity("350 MHz", Dimension::frequency), 350e6);
  EXPECT_DOUBLE_EQ(parseQuantity("0.95 pJ/bit", Dimension::energyPerBit), 0.95e-12);
  EXPECT_DOUBLE_EQ(parseQuantity("64 MiB", Dimension::information), 64.0 * 1048576 * 8);
  EXPECT_DOUBLE_EQ(parseQuantity("19.2 GB/s", Dimension::bandwidth), 19.2e9 * 8);
  EXPECT_DOUBLE_EQ(parseQuantity("12 %", Dimension::ratio), 0.12);
  EXPECT_DOUBLE_EQ(parseQuantity("5TFLOPS", Dimension::throughput), 5e12);
}

TEST(Units, MegabytesAreDecimal) {
  EXPECT_DOUBLE_EQ(parseQuantity("1 MB", Dimension::information), 8e6);
}

TEST(Units, ComplainsAboutAMissingUnit) {
  EXPECT_EQ(complaint("350", Dimension::frequency),
            "'350' has no unit (expected a frequency such as '350 MHz')");
}

TEST(Units, SuggestsTheNearestUnit) {
  EXPECT_EQ(complaint("3 Ghz", Dimension::frequency),
            "unknown unit 'Ghz' (expected a frequency such as '350 MHz'; did you mean 'GHz'?)");
}

TEST(Units, ComplainsAboutWords) {
  EXPECT_NE(complaint("fast", Dimension::time).find("is not a number"), std::string::npos);
  EXPECT_NE(complaint("nan s", Dimension::time).find("is not a number"), std::string::npos);
  EXPECT_NE(complaint("1e999 s", Dimension::time).find("is not a number"), std::string::npos);
}

TEST(Units, CountsAreWhole) {
  EXPECT_NE(complaint("1.5", Dimension::count).find("whole number"), std::string::npos);
  EXPECT_DOUBLE_EQ(parseQuantity("1e6", Dimension::count), 1e6);
}

TEST(Units, PrintsForPeople) {
  EXPECT_EQ(format(Seconds(0.001234)), "1.234 ms");
  EXPECT_EQ(format(bytes(8192e6)), "8.192 GB");
  EXPECT_EQ(format(Joules(0)), "0 J");
  EXPECT_EQ(format(Seconds(4000)), "4000 s");
}

TEST(Units, ExactTextReadsBack) {
  for (const double v : {0.1, 1.0 / 3, 6.62607015e-34, 123456789.123}) {
    EXPECT_EQ(parseQuantity(exactQuantity(v, Dimension::energy), Dimension::energy), v);
  }
}

TEST(Units, TicksNeverShorten) {
  EXPECT_EQ(toTicks(Seconds(1.5e-12)).ps, 2);
  EXPECT_EQ(toTicks(Seconds(1e-6)).ps, 1000000);
}

TEST(Units, CyclesAreExact) {
  EXPECT_EQ(cyclesToTicks(350000000, Hertz(350e6)).ps, 1000000000000);
  EXPECT_EQ(cyclesToTicks(1, Hertz(3e9)).ps, 334);
}

TEST(Units, RefusesMoreThanAHundredDays) {
  EXPECT_THROW(toTicks(Seconds(1e8)), std::overflow_error);
  EXPECT_THROW(times(Ticks(1000000000000000), 1000000000), std::overflow_error);
}

TEST(Units, RoundsToTwelveDigits) {
  EXPECT_EQ(rounded(0.1 + 0.2), 0.3);
  EXPECT_EQ(rounded(123456789012.6), 123456789013.0);
  EXPECT_EQ(rounded(0.0), 0.0);
}

TEST(Units, RoundingEqualsItsDecimalText) {
  const auto byText = [](double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.11e", value);
    return std::strtod(text, nullptr);
  };
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> exponent(-32, 34), sign(-1, 1);
  for (int i = 0; i < 100000; ++i) {
    const double value = std::copysign(std::pow(10.0, exponent(random)), sign(random));
    ASSERT_EQ(rounded(value), byText(value)) << value;
    // Already rounded, halfway to the next, and next to a power of ten.
    const double once = byText(value);
    ASSERT_EQ(rounded(once), once);
    const double half = once * (1 + 0.5e-11);
    ASSERT_EQ(rounded(half), byText(half)) << half;
  }
  for (int e = -25; e < 32; ++e)
    for (const double near : {std::nextafter(std::pow(10.0, e), 0.0), std::pow(10.0, e),
                              std::pow(10.0, e) * (1 - 4e-13), std::pow(10.0, e) * (1 - 6e-13)})
      ASSERT_EQ(rounded(near), byText(near)) << near;
}

}  // namespace
}  // namespace wattlas
