// Are content hashes stable and sensitive to what matters?
#include "models/base/hash.h"

#include <gtest/gtest.h>

#include "models/base/random.h"

namespace wattlas {
namespace {

TEST(Hash, IsTheSameOnEveryMachine) {
  // XXH3-128 of the empty input, as published with the algorithm.
  EXPECT_EQ(hashText("").hex(), "99aa06d3014798d86001c324468d497f");
}

TEST(Hasher, SeparatesFields) {
  EXPECT_NE(Hasher().text("ab").text("c").finish(), Hasher().text("a").text("bc").finish());
}

TEST(Hasher, TreatsMinusZeroAsZero) {
  EXPECT_EQ(Hasher().real(-0.0).finish(), Hasher().real(0.0).finish());
}

TEST(Random, StaysInRange) {
  Random random(3);
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t v = random.between(-2, 5);
    EXPECT_GE(v, -2);
    EXPECT_LE(v, 5);
  }
}

TEST(Random, RepeatsWithTheSameSeed) {
  Random a(7), b(7), c(8);
  const auto first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, c.next());
}

}  // namespace
}  // namespace wattlas
