#include "execution/hdc.h"

#include <gtest/gtest.h>

#include "models/base/error.h"
#include "models/base/random.h"

namespace wattlas {
namespace {

/// Five classes around centres of their own.
DataSet clusters(std::int64_t samples, std::uint64_t seed) {
  Random random(seed);
  DataSet d{"clusters", "", {40}, {}, {}, 5};
  for (std::int64_t s = 0; s < samples; ++s) {
    const std::int64_t label = static_cast<std::int64_t>(random.below(5));
    Random centre(static_cast<std::uint64_t>(label) + 100);
    for (int i = 0; i < 40; ++i)
      d.inputs.push_back(static_cast<float>(centre.uniform() + 0.8 * random.uniform()));
    d.labels.push_back(label);
  }
  return d;
}

double accuracy(const HdcClassifier& classifier, const DataSet& data) {
  const auto classes = classifier.classify(data);
  double hits = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) hits += classes[i] == data.labels[i] ? 1 : 0;
  return hits / static_cast<double>(classes.size());
}

TEST(Hdc, LearnsClassesAtEveryWidth) {
  const DataSet train = clusters(400, 1), test = clusters(200, 2);
  for (const int bits : {1, 2, 4, 8})
    EXPECT_GT(accuracy(HdcClassifier(train, {.dimensions = 1024, .bits = bits}), test), 0.9)
        << bits;
}

TEST(Hdc, OneBitSearchCountsBitsAndMultipliesNothing) {
  const HdcClassifier classifier(clusters(50, 1), {.dimensions = 640});
  EXPECT_EQ(classifier.work().multiplications, 0);
  EXPECT_EQ(classifier.work().populationCounts, 5 * 10);
  EXPECT_EQ(classifier.storedBits(), 640 * (40 + 5));
}

TEST(Hdc, ImpossibleShapesAreRefused) {
  const DataSet train = clusters(50, 1);
  EXPECT_THROW(HdcClassifier(train, {.dimensions = 10}), InputError);
  EXPECT_THROW(HdcClassifier(train, {.bits = 9}), InputError);
  DataSet other = train;
  other.shape = {20};
  EXPECT_THROW(HdcClassifier(train, {.dimensions = 64}).classify(other), InputError);
}

}  // namespace
}  // namespace wattlas
