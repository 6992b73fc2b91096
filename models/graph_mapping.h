// Where the operators of a graph run when all that they pass on counts: each choice of one place
// for all, the best mapping of a chain (dynamic programming), and what moving single operators
// gains.
#pragma once

#include <cstddef>
#include <vector>

namespace wattlas {

struct ChainCosts {
  /// [operator][place]: cost there; infinity where it does not run.
  std::vector<std::vector<double>> run;
  /// [operator][from][to]: cost of its input when the one before ran at `from`; [0] is what
  /// brings the first input to a place from `start`.
  std::vector<std::vector<std::vector<double>>> copy;
  std::size_t start = 0, end = 0;  ///< places where input and output of the chain are
  std::vector<double> finish;      ///< [place]: cost of the output from there to `end`
};

struct ChainMapping {
  std::vector<std::size_t> place;  ///< by operator
  double cost = 0;
};

/// The cheapest mapping; of equal ones the one with the lowest places, first operator first.
ChainMapping bestChainMapping(const ChainCosts& costs);
/// Cost of a given mapping.
double costOf(const ChainCosts& costs, const std::vector<std::size_t>& place);

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
