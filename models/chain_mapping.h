// Where the operators of a chain run, copies between neighbours included: dynamic programming.
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

}  // namespace wattlas
