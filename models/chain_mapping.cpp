#include "models/chain_mapping.h"

#include <limits>

namespace wattlas {

double costOf(const ChainCosts& costs, const std::vector<std::size_t>& place) {
  double sum = 0;
  std::size_t before = costs.start;
  for (std::size_t i = 0; i < place.size(); ++i) {
    sum += costs.copy[i][before][place[i]] + costs.run[i][place[i]];
    before = place[i];
  }
  return place.empty() ? 0.0 : sum + costs.finish[before];
}

ChainMapping bestChainMapping(const ChainCosts& costs) {
  const std::size_t n = costs.run.size();
  ChainMapping best;
  if (n == 0) return best;
  const std::size_t places = costs.finish.size();
  // From the end: what the rest costs when operator i runs at a place, and where the next runs.
  std::vector<double> rest = costs.finish;
  std::vector<std::vector<std::size_t>> next(n, std::vector<std::size_t>(places, 0));
  const auto cheapest = [&](std::size_t i, std::size_t from, std::size_t& to) {
    double least = std::numeric_limits<double>::infinity();
    to = 0;
    for (std::size_t p = 0; p < places; ++p) {
      const double cost = costs.copy[i][from][p] + costs.run[i][p] + rest[p];
      if (cost < least) least = cost, to = p;
    }
    return least;
  };
  for (std::size_t i = n; i-- > 1;) {
    std::vector<double> here(places);
    for (std::size_t p = 0; p < places; ++p) here[p] = cheapest(i, p, next[i][p]);
    rest = std::move(here);
  }
  std::size_t at = 0;
  best.cost = cheapest(0, costs.start, at);
  best.place.push_back(at);
  for (std::size_t i = 1; i < n; ++i) best.place.push_back(at = next[i][at]);
  return best;
}

}  // namespace wattlas
