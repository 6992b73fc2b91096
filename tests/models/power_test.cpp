// Is the highest average over a window found, wherever it lies? All values computed by hand.
#include <gtest/gtest.h>

#include "models/booked.h"

namespace wattlas {
namespace {

constexpr std::int64_t ms = 1000000000;  // picoseconds

double peak(const std::vector<std::pair<double, double>>& millisecondsAndJoules, double window) {
  std::vector<PowerPiece> pieces;
  for (const auto& [length, energy] : millisecondsAndJoules)
    pieces.push_back({Ticks(static_cast<std::int64_t>(length * ms)), Joules(energy)});
  return peakPower(pieces, Ticks(static_cast<std::int64_t>(window * ms))).value;
}

TEST(PeakPower, OfConstantPowerIsThatPower) {
  EXPECT_DOUBLE_EQ(peak({{1, 2}, {1, 2}, {1, 2}}, 1.5), 2000);
}

TEST(PeakPower, TakesTheHigherOfTwoPieces) {
  EXPECT_DOUBLE_EQ(peak({{1, 1}, {1, 3}}, 1), 3000);
  EXPECT_DOUBLE_EQ(peak({{1, 3}, {1, 1}}, 1), 3000);
}

TEST(PeakPower, AveragesOverTheWindow) {
  EXPECT_DOUBLE_EQ(peak({{1, 1}, {1, 3}}, 2), 2000);
}

TEST(PeakPower, WindowMayCutAPiece) {
  // Half a millisecond of 2 J, and half a millisecond of a piece with 1 J a millisecond.
  EXPECT_DOUBLE_EQ(peak({{2, 2}, {0.5, 2}, {2, 2}}, 1), 2500);
}

TEST(PeakPower, GapsCount) {
  EXPECT_NEAR(peak({{1, 1}, {1, 0}, {1, 1}}, 1.5), 1000.0 / 1.5, 1e-9);
}

TEST(PeakPower, ShortRunsAreAveragedOverThemselves) {
  EXPECT_DOUBLE_EQ(peak({{0.1, 1}, {0.1, 1}}, 1), 10000);
}

TEST(PeakPower, NothingTakesNoPower) {
  EXPECT_EQ(peak({}, 1), 0);
  EXPECT_EQ(peak({{0, 0}}, 1), 0);
}

TEST(PeakPower, ShorterWindowsNeverShowLess) {
  const std::vector<std::pair<double, double>> pieces = {{1, 1}, {0.3, 2}, {2, 0.5}, {0.1, 1}};
  double last = 0;
  for (const double window : {3.4, 2.0, 1.0, 0.5, 0.2, 0.1}) {
    const double now = peak(pieces, window);
    EXPECT_GE(now, last) << window;
    last = now;
  }
}

}  // namespace
}  // namespace wattlas
