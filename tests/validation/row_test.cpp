// When does a validation row pass?
#include "validation/row.h"

#include <gtest/gtest.h>

#include <limits>

namespace wattlas {
namespace {

ValidationRow row(double ours, double reference, double gate) {
  ValidationRow r;
  r.ours = ours;
  r.reference = reference;
  r.gate = gate;
  return r;
}

TEST(ValidationRow, ErrorIsRelativeToTheReference) {
  EXPECT_DOUBLE_EQ(row(11, 10, 0.1).error(), 0.1);
  EXPECT_DOUBLE_EQ(row(9, 10, 0.1).error(), 0.1);
  EXPECT_DOUBLE_EQ(row(9, -10, 0.1).error(), 1.9);
}

TEST(ValidationRow, ReferenceZeroAllowsOnlyTheGateItself) {
  EXPECT_TRUE(row(0, 0, 0).pass());
  EXPECT_FALSE(row(1e-3, 0, 0).pass());
}

TEST(ValidationRow, GateIsInclusive) {
  EXPECT_TRUE(row(12.5, 10, 0.25).pass());
  EXPECT_FALSE(row(12.6, 10, 0.25).pass());
}

TEST(ValidationRow, WithoutGateItIsOnlyReported) {
  EXPECT_FALSE(row(99, 1, -1).gated());
  EXPECT_TRUE(row(99, 1, -1).pass());
}

TEST(ValidationRow, NoNumberNeverPasses) {
  EXPECT_FALSE(row(std::numeric_limits<double>::quiet_NaN(), 1, 0.5).pass());
  EXPECT_FALSE(row(std::numeric_limits<double>::infinity(), 1, 0.5).pass());
}

TEST(ValidationRow, FigureIsItsOwnError) {
  ValidationRow r = row(0.08, 0.2, 0.1);
  r.figure = true;
  EXPECT_DOUBLE_EQ(r.error(), 0.08);
  EXPECT_TRUE(r.pass());
  r.higherIsBetter = true;
  EXPECT_FALSE(r.pass());
}

}  // namespace
}  // namespace wattlas
