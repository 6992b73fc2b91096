// Who beats whom under common scenarios: /uncertainty/pairwise comparisons of a results file.
#pragma once

#include <string>
#include <vector>

#include "results/store_table.h"

namespace wattlas {

/// The best point of a workload against the best one of another platform.
struct ComparisonRow {
  std::string winner, other;  ///< point_id of rows; the winner is better as given
  std::string metric;         ///< "time_s" or "energy_j"
  double probability = 0;     ///< share of scenarios in which the winner is better, 0..1
  double ratio = 1;           ///< winner / other as given
  double low = 1, high = 1;   ///< 5 % and 95 % quantile of the ratio, scenario by scenario
  std::string decidedBy;      ///< parameter that moves the ratio most; empty = none
  std::string level;          ///< "parameter = value" at which both are level, joined by " or "
};

StoreTable comparisonsTable(const std::vector<ComparisonRow>& rows);
/// The same read back; empty when the file has none. Throws InputError naming the file when a
/// column is missing or of another kind.
std::vector<ComparisonRow> comparisonsOf(const Store& store);

}  // namespace wattlas
