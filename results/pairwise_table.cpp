#include "results/pairwise_table.h"

#include <utility>

#include "models/base/error.h"
#include "results/store.h"

namespace wattlas {
namespace {

constexpr const char* group = "/uncertainty/duels";

using TextMember = std::string ComparisonRow::*;
using NumberMember = double ComparisonRow::*;
constexpr std::pair<const char*, TextMember> texts[] = {{"winner", &ComparisonRow::winner},
                                                        {"other", &ComparisonRow::other},
                                                        {"metric", &ComparisonRow::metric},
                                                        {"decided_by", &ComparisonRow::decidedBy},
                                                        {"level_at", &ComparisonRow::level}};
constexpr std::pair<const char*, NumberMember> numbers[] = {
    {"probability", &ComparisonRow::probability},
    {"ratio", &ComparisonRow::ratio},
    {"ratio_p5", &ComparisonRow::low},
    {"ratio_p95", &ComparisonRow::high}};

template <class Values>
const Values& columnOf(const Store& store, const StoreTable& table, const char* name) {
  const StoreColumn* column = table.column(name);
  const Values* values = column == nullptr ? nullptr : std::get_if<Values>(&column->values);
  if (values == nullptr)
    throw InputError(Problem{{store.path(), 0},
                             group,
                             std::string("has no usable column '") + name + "'",
                             "the layout of docs/results-file.md",
                             "write the file again with this version"});
  return *values;
}

}  // namespace

StoreTable comparisonsTable(const std::vector<ComparisonRow>& rows) {
  StoreTable table{group, {}};
  for (const auto& [name, member] : texts) {
    std::vector<std::string> values;
    for (const ComparisonRow& row : rows) values.push_back(row.*member);
    table.columns.push_back({name, std::move(values), ""});
  }
  for (const auto& [name, member] : numbers) {
    std::vector<double> values;
    for (const ComparisonRow& row : rows) values.push_back(row.*member);
    table.columns.push_back({name, std::move(values), "1"});
  }
  return table;
}

std::vector<ComparisonRow> comparisonsOf(const Store& store) {
  const StoreTable* table = store.table(group);
  std::vector<ComparisonRow> rows(table == nullptr ? 0 : table->rows());
  if (rows.empty()) return rows;
  for (const auto& [name, member] : texts) {
    const auto& values = columnOf<std::vector<std::string>>(store, *table, name);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].*member = values[i];
  }
  for (const auto& [name, member] : numbers) {
    const auto& values = columnOf<std::vector<double>>(store, *table, name);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].*member = values[i];
  }
  return rows;
}

}  // namespace wattlas
