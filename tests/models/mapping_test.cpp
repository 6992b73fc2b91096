// Are mappings as good as the best of all?
#include <gtest/gtest.h>

#include <cmath>

#include "models/base/random.h"
#include "models/graph_mapping.h"

namespace wattlas {
namespace {

ChainCosts randomCosts(Random& random, std::size_t n, std::size_t places) {
  ChainCosts costs;
  const auto row = [&](double most) {
    std::vector<double> values(places);
    for (double& v : values) v = std::floor(random.uniform() * most);
    return values;
  };
  for (std::size_t i = 0; i < n; ++i) {
    costs.run.push_back(row(100));
    auto& copy = costs.copy.emplace_back();
    for (std::size_t p = 0; p < places; ++p) {
      copy.push_back(row(60));
      copy.back()[p] = 0;
    }
  }
  costs.finish = row(60);
  return costs;
}

double cheapestOfAll(const ChainCosts& costs, std::size_t places) {
  std::vector<std::size_t> place(costs.run.size(), 0);
  double least = costOf(costs, place);
  while (true) {
    std::size_t i = 0;
    while (i < place.size() && ++place[i] == places) place[i++] = 0;
    if (i == place.size()) return least;
    least = std::min(least, costOf(costs, place));
  }
}

TEST(ChainMapping, EqualsBruteForceWithCopies) {
  Random random(7);
  for (int table = 0; table < 20; ++table) {
    const std::size_t n = 1 + static_cast<std::size_t>(random.uniform() * 12),
                      places = 2 + table % 2;
    const ChainCosts costs = randomCosts(random, n, places);
    const ChainMapping best = bestChainMapping(costs);
    EXPECT_EQ(best.cost, cheapestOfAll(costs, places)) << n << " operators";
    EXPECT_EQ(best.cost, costOf(costs, best.place));
  }
}

TEST(ChainMapping, SixteenOperatorsToo) {
  Random random(3);
  const ChainCosts costs = randomCosts(random, 16, 2);
  EXPECT_EQ(bestChainMapping(costs).cost, cheapestOfAll(costs, 2));
}

TEST(ChainMapping, DearCopiesKeepEverythingTogether) {
  ChainCosts costs;
  costs.run = {{1, 3}, {3, 1}, {1, 3}};
  costs.copy.assign(3, {{0, 10}, {10, 0}});
  costs.finish = {0, 10};
  EXPECT_EQ(bestChainMapping(costs).place, (std::vector<std::size_t>{0, 0, 0}));
}

GraphCosts randomGraph(Random& random, std::size_t n, std::size_t places) {
  const ChainCosts chain = randomCosts(random, n, places);
  GraphCosts costs;
  costs.run = chain.run;
  for (std::size_t i = 1; i < n; ++i) {
    costs.edges.push_back({i - 1, i, chain.copy[i]});
    if (i > 2 && random.uniform() < 0.5) costs.edges.push_back({i - 3, i, chain.copy[i - 1]});
  }
  return costs;
}

TEST(GraphMapping, IsNearTheBestOfAllAndNeverWorseThanOnePlace) {
  Random random(11);
  double found = 0, best = 0;
  for (int table = 0; table < 40; ++table) {
    const GraphCosts costs = randomGraph(random, 9, 2 + static_cast<std::size_t>(table % 2));
    const std::vector<std::size_t> place = bestGraphMapping(costs);
    const std::size_t places = costs.run.front().size();
    double least = 1e300;
    std::vector<std::size_t> any(costs.run.size(), 0);
    for (std::size_t i = 0; i < any.size();) {
      least = std::min(least, costOf(costs, any));
      for (i = 0; i < any.size() && ++any[i] == places; ++i) any[i] = 0;
    }
    for (std::size_t p = 0; p < places; ++p)
      EXPECT_LE(costOf(costs, place),
                costOf(costs, std::vector<std::size_t>(costs.run.size(), p)) + 1e-9);
    found += costOf(costs, place);
    best += least;
  }
  EXPECT_LE(found, 1.05 * best);
}

}  // namespace
}  // namespace wattlas
