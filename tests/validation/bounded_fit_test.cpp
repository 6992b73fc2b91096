// Does a fit find known parameters, and does it stay inside its intervals?
#include <gtest/gtest.h>

#include <cmath>

#include "validation/calibration.h"

namespace wattlas {
namespace {

/// Times of a made-up device: start + work * rate.
double misfit(const std::vector<double>& v, double start, double rate) {
  double sum = 0;
  for (const double work : {1.0, 3.0, 10.0, 40.0, 200.0})
    sum += std::pow(std::log((v[0] + v[1] * work) / (start + rate * work)), 2);
  return std::sqrt(sum / 5);
}

TEST(BoundedFit, FindsTheParametersBehindTheData) {
  const FitResult fit = fitWithin(
      {{1, 0.1, 100}, {1, 0.1, 10}}, [](const auto& v) { return misfit(v, 20, 3); }, 500);
  EXPECT_NEAR(fit.values[0], 20, 0.5);
  EXPECT_NEAR(fit.values[1], 3, 0.05);
  EXPECT_LT(fit.after, 0.01);
  EXPECT_GT(fit.before, 0.5);
  EXPECT_LE(fit.low[0], fit.values[0]);
  EXPECT_GE(fit.high[0], fit.values[0]);
}

TEST(BoundedFit, NeverLeavesThePhysicalInterval) {
  const FitResult fit = fitWithin(
      {{1, 0.5, 8}, {1, 0.5, 2}},
      [](const auto& v) {
        EXPECT_GE(v[0], 0.5 * (1 - 1e-12));
        EXPECT_LE(v[0], 8 * (1 + 1e-12));
        EXPECT_LE(v[1], 2 * (1 + 1e-12));
        return misfit(v, 20, 3);
      },
      500);
  EXPECT_NEAR(fit.values[1], 2, 1e-6);  // at its bound: that is for the caller to say
}

TEST(BoundedFit, IsDeterministicAndStopsInTime) {
  const auto cost = [](const auto& v) { return misfit(v, 5, 1); };
  const FitResult a = fitWithin({{1, 0.1, 100}, {2, 0.1, 10}}, cost, 60),
                  b = fitWithin({{1, 0.1, 100}, {2, 0.1, 10}}, cost, 60);
  EXPECT_EQ(a.values, b.values);
  EXPECT_LE(a.evaluations, 60 + 4 + 4 * 11);
}

}  // namespace
}  // namespace wattlas
