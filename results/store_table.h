// Tables beside the points of a results file: what a search did, what parameters are worth. The
// groups and columns that Wattlas itself writes are listed in docs/results-file.md; any other
// table is kept as it is.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "models/records.h"

namespace wattlas {

class Store;

struct StoreColumn {
  using Values =
      std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::string>>;
  std::string name;  ///< no '/'
  Values values;     ///< numbers: NaN = missing; texts are cut at 1,000 bytes
  std::string unit;  ///< of numbers, as `s` or `J`; empty = none or differing by row
  std::size_t size() const;
  bool operator==(const StoreColumn&) const = default;
};

/// Columns of equal length under a group such as "/search/history".
struct StoreTable {
  std::string group;
  std::vector<StoreColumn> columns;
  std::size_t rows() const { return columns.empty() ? 0 : columns.front().size(); }
  const StoreColumn* column(const std::string& name) const;  ///< nullptr = no such column
  bool operator==(const StoreTable&) const = default;
};

/// Throws std::invalid_argument: a group that is not "/name/name", columns of different length, an
/// empty or repeated column name or one with '/'.
void checkTable(const StoreTable& table);

/// Records of models/records.h as the table that files keep them in: HistoryStep (/search/history),
/// ObjectiveInfo, ParameterInfluence, RefusedGroup, TornadoBar (/uncertainty/tornado),
/// ScenarioValue, WinnerRow, ComparisonRow.
template <class Row>
StoreTable tableOf(const std::vector<Row>& rows);
/// The same read back; empty when the file has no such table. Throws InputError naming the file
/// when a column is missing or of another kind.
template <class Row>
std::vector<Row> rowsOf(const Store& store);

}  // namespace wattlas
