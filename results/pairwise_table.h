// Who beats whom under common scenarios: /uncertainty/pairwise comparisons of a results file.
#pragma once

#include <string>
#include <vector>

#include "results/store_table.h"

namespace wattlas {

StoreTable comparisonsTable(const std::vector<ComparisonRow>& rows);
/// The same read back; empty when the file has none. Throws InputError naming the file when a
/// column is missing or of another kind.
std::vector<ComparisonRow> comparisonsOf(const Store& store);

}  // namespace wattlas
