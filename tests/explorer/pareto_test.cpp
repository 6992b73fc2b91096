#include "explorer/pareto.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "models/base/random.h"

namespace wattlas {
namespace {

std::vector<ObjectiveVector> randomVectors(std::size_t n, std::size_t d, std::uint64_t seed,
                                           std::uint64_t levels) {
  Random random(seed);
  std::vector<ObjectiveVector> out(n, ObjectiveVector(d));
  for (auto& v : out)
    for (double& x : v) x = static_cast<double>(random.below(levels)) / static_cast<double>(levels);
  return out;
}

TEST(Pareto, AgreesWithTheDefinition) {
  for (std::size_t d = 1; d <= 4; ++d) {
    const auto vectors = randomVectors(120, d, d, 12);
    std::vector<std::size_t> expected;
    for (std::size_t i = 0; i < vectors.size(); ++i)
      if (std::none_of(vectors.begin(), vectors.end(),
                       [&](const auto& v) { return dominates(v, vectors[i]); }))
        expected.push_back(i);
    EXPECT_EQ(paretoFront(vectors), expected);
  }
}

TEST(Pareto, KeepsTiesAndLeavesOutUnknowns) {
  EXPECT_EQ(paretoFront({{1, 2}, {1, 2}, {2, 1}, {2, 2}}), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(paretoFront({{std::nan(""), 0}, {1, 1}}), (std::vector<std::size_t>{1}));
  EXPECT_TRUE(paretoFront({}).empty());
}

TEST(Hypervolume, KnownShapes) {
  EXPECT_DOUBLE_EQ(hypervolume({{0.25}, {0.5}}, {1}), 0.75);
  EXPECT_DOUBLE_EQ(hypervolume({{0, 0.5}, {0.5, 0}}, {1, 1}), 0.75);
  EXPECT_DOUBLE_EQ(hypervolume({{0, 0, 0}}, {2, 3, 4}), 24);
  // Three unit cubes cut from the corners of a 2-cube: union of three 1x2x2 slabs.
  EXPECT_DOUBLE_EQ(hypervolume({{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, {2, 2, 2}), 7);
  EXPECT_DOUBLE_EQ(hypervolume({{3, 0}}, {2, 2}), 0) << "beyond the reference";
  EXPECT_DOUBLE_EQ(hypervolume({}, {1, 1}), 0);
}

/// Volume by counting the cells of a grid on which all coordinates lie.
double countedVolume(const std::vector<ObjectiveVector>& vectors, std::size_t d, int levels) {
  long covered = 0, total = static_cast<long>(std::pow(levels, d));
  for (long cell = 0; cell < total; ++cell) {
    ObjectiveVector corner(d);
    long rest = cell;
    for (std::size_t k = 0; k < d; ++k) {
      corner[k] = static_cast<double>(rest % levels) / levels;
      rest /= levels;
    }
    covered += std::any_of(vectors.begin(), vectors.end(), [&](const ObjectiveVector& v) {
      for (std::size_t k = 0; k < d; ++k)
        if (v[k] > corner[k]) return false;
      return true;
    });
  }
  return static_cast<double>(covered) / static_cast<double>(total);
}

TEST(Hypervolume, EqualsCountedVolumeInTwoToFourDimensions) {
  for (std::size_t d = 2; d <= 4; ++d)
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const auto vectors = randomVectors(15, d, seed, 8);
      EXPECT_NEAR(hypervolume(vectors, ObjectiveVector(d, 1.0)), countedVolume(vectors, d, 8),
                  1e-12)
          << d << " dimensions, seed " << seed;
    }
}

TEST(Hypervolume, NeverShrinksWhenAVectorIsAdded) {
  auto vectors = randomVectors(30, 3, 9, 1000);
  double last = 0;
  for (std::size_t n = 1; n <= vectors.size(); ++n) {
    const double now =
        hypervolume({vectors.begin(), vectors.begin() + static_cast<long>(n)}, {1, 1, 1});
    EXPECT_GE(now, last - 1e-12);
    last = now;
  }
}

}  // namespace
}  // namespace wattlas
