// Where the operators of a graph run when all that they pass on counts: each choice of one place
// for all, the best mapping of a chain (chain_mapping.h), and what moving single operators gains.
#pragma once

#include "models/chain_mapping.h"

namespace wattlas {

struct GraphCosts {
  /// [operator][place]: cost there with what comes from outside and goes there; infinity where it
  /// does not run. Operators in topological order.
  std::vector<std::vector<double>> run;
  struct Edge {
    std::size_t from = 0, to = 0;
    std::vector<std::vector<double>> pass;  ///< [place of from][place of to]
  };
  std::vector<Edge> edges;
};

double costOf(const GraphCosts& costs, const std::vector<std::size_t>& place);
/// Never dearer than one place for all that can run there; exact for chains.
std::vector<std::size_t> bestGraphMapping(const GraphCosts& costs);

}  // namespace wattlas
