#include "models/graph_mapping.h"

#include <algorithm>
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

namespace {

using Places = std::vector<std::size_t>;

std::size_t cheapestPlace(const std::vector<double>& run) {
  return static_cast<std::size_t>(std::min_element(run.begin(), run.end()) - run.begin());
}

/// Moves single operators as long as that gains something.
Places improved(const GraphCosts& costs, const std::vector<std::vector<std::size_t>>& edgesOf,
                Places place) {
  const auto local = [&](std::size_t op, std::size_t at) {
    double cost = costs.run[op][at];
    for (const std::size_t e : edgesOf[op]) {
      const GraphCosts::Edge& edge = costs.edges[e];
      cost += edge.from == op ? edge.pass[at][place[edge.to]] : edge.pass[place[edge.from]][at];
    }
    return cost;
  };
  bool moved = true;
  for (int round = 0; round < 64 && moved; ++round) {
    moved = false;
    for (std::size_t op = 0; op < place.size(); ++op)
      for (std::size_t p = 0; p < costs.run[op].size(); ++p)
        if (local(op, p) < local(op, place[op])) {
          place[op] = p;
          moved = true;
        }
  }
  return place;
}

bool isChain(const GraphCosts& costs) {
  if (costs.edges.size() + 1 != costs.run.size()) return false;
  for (std::size_t e = 0; e < costs.edges.size(); ++e)
    if (costs.edges[e].from != e || costs.edges[e].to != e + 1) return false;
  return true;
}

Places ofChain(const GraphCosts& costs) {
  const std::size_t places = costs.run.front().size();
  ChainCosts chain;
  chain.run = costs.run;
  chain.copy.assign(costs.run.size(),
                    std::vector<std::vector<double>>(places, std::vector<double>(places, 0.0)));
  for (const GraphCosts::Edge& edge : costs.edges) chain.copy[edge.to] = edge.pass;
  chain.finish.assign(places, 0.0);
  return bestChainMapping(chain).place;
}

}  // namespace

double costOf(const GraphCosts& costs, const Places& place) {
  double sum = 0;
  for (std::size_t op = 0; op < place.size(); ++op) sum += costs.run[op][place[op]];
  for (const GraphCosts::Edge& edge : costs.edges)
    sum += edge.pass[place[edge.from]][place[edge.to]];
  return sum;
}

Places bestGraphMapping(const GraphCosts& costs) {
  if (costs.run.empty()) return {};
  if (isChain(costs)) return ofChain(costs);
  std::vector<std::vector<std::size_t>> edgesOf(costs.run.size());
  for (std::size_t e = 0; e < costs.edges.size(); ++e) {
    edgesOf[costs.edges[e].from].push_back(e);
    edgesOf[costs.edges[e].to].push_back(e);
  }
  Places best;
  double least = std::numeric_limits<double>::infinity();
  const auto take = [&](Places start) {
    start = improved(costs, edgesOf, std::move(start));
    const double cost = costOf(costs, start);
    if (!best.empty() && cost >= least) return;
    least = cost;
    best = std::move(start);
  };
  for (std::size_t p = 0; p < costs.run.front().size(); ++p) {
    Places uniform;
    for (const auto& run : costs.run)
      uniform.push_back(run[p] < std::numeric_limits<double>::infinity() ? p : cheapestPlace(run));
    take(std::move(uniform));
  }
  Places own;
  for (const auto& run : costs.run) own.push_back(cheapestPlace(run));
  take(std::move(own));
  return best;
}

}  // namespace wattlas
