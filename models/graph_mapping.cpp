#include "models/graph_mapping.h"

#include <algorithm>
#include <limits>

namespace wattlas {
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
