#include "execution/search.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "models/base/error.h"
#include "models/base/random.h"

namespace wattlas {
namespace {

std::vector<Code> clouds(std::int64_t n, std::int64_t width, std::uint64_t seed) {
  Random random(seed), centres(9);
  std::vector<Code> middle, out;
  for (std::int64_t i = 0; i < 20 * width; ++i)
    middle.push_back(static_cast<Code>(centres.below(200)));
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t k = 0; k < width; ++k)
      out.push_back(static_cast<Code>(middle[static_cast<std::size_t>(i % 20 * width + k)] +
                                      static_cast<Code>(random.below(40))));
  return out;
}

TEST(Search, ExactDistancesAreThoseOfTheDefinition) {
  constexpr std::int64_t width = 24, n = 300;
  const auto stored = clouds(n, width, 1), asked = clouds(5, width, 2);
  const auto found = SearchIndex(stored, width, {OpVariant::l2, 3}).find(asked);
  for (std::int64_t q = 0; q < 5; ++q) {
    std::vector<std::pair<std::int64_t, std::int64_t>> all;
    for (std::int64_t i = 0; i < n; ++i) {
      std::int64_t d = 0;
      for (std::int64_t k = 0; k < width; ++k) {
        const std::int64_t one = stored[i * width + k] - asked[q * width + k];
        d += one * one;
      }
      all.emplace_back(d, i);
    }
    std::sort(all.begin(), all.end());
    for (std::int64_t k = 0; k < 3; ++k) EXPECT_EQ(found[q * 3 + k], all[k].second);
  }
}

TEST(Search, EveryMetricFindsAStoredVectorItself) {
  const auto stored = clouds(200, 64, 3);
  for (const OpVariant metric : {OpVariant::l2, OpVariant::cosine})
    EXPECT_EQ(
        SearchIndex(stored, 64, {metric, 1}).find({stored.begin() + 640, stored.begin() + 704}),
        std::vector<std::int64_t>{10});
  std::vector<Code> signs;
  for (const Code v : stored) signs.push_back(static_cast<Code>(v - 100));
  EXPECT_EQ(
      SearchIndex(signs, 64, {OpVariant::none, 1}).find({signs.begin() + 640, signs.begin() + 704}),
      std::vector<std::int64_t>{10});
}

TEST(Search, LongerCodesFindMore) {
  const auto stored = clouds(2000, 32, 4), asked = clouds(40, 32, 5);
  const auto exact = SearchIndex(stored, 32, {OpVariant::l2, 10}).find(asked);
  double last = 0;
  for (const std::int64_t parts : {2, 8, 32}) {
    const SearchIndex index(stored, 32, {OpVariant::l2, 10, parts, 64});
    const double recall = recallOf(index.find(asked), exact, 10);
    EXPECT_GT(recall, last) << parts;
    EXPECT_EQ(index.storedBytes(), 2000.0 * static_cast<double>(parts) * 6 / 8 + 64 * 32);
    last = recall;
  }
  EXPECT_GT(last, 0.85);
  EXPECT_THROW(SearchIndex(stored, 32, {OpVariant::cosine, 10, 8, 64}), InputError);
}

}  // namespace
}  // namespace wattlas
