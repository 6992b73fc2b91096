#include "results/store_table.h"

#include <fmt/format.h>

#include <set>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "models/base/error.h"
#include "results/store.h"

namespace wattlas {
namespace {

/// A member of a record and its column; `later`: files of older versions lack it.
template <class Row>
struct Field {
  const char* name;
  std::variant<double Row::*, std::int64_t Row::*, bool Row::*, std::string Row::*,
               std::vector<std::string> Row::*>
      member;
  const char* unit = "";
  bool later = false;
};

/// Group and columns of a record.
template <class Row>
struct Layout;

template <>
struct Layout<HistoryStep> {
  static constexpr const char* group = "/search/history";
  static constexpr Field<HistoryStep> fields[] = {{"evaluations", &HistoryStep::evaluations},
                                                  {"hypervolume", &HistoryStep::hypervolume, "1"},
                                                  {"seed", &HistoryStep::seed},
                                                  {"workload", &HistoryStep::workload}};
};
template <>
struct Layout<ObjectiveInfo> {
  static constexpr const char* group = "/search/objectives";
  static constexpr Field<ObjectiveInfo> fields[] = {{"name", &ObjectiveInfo::name},
                                                    {"maximise", &ObjectiveInfo::maximise}};
};
template <>
struct Layout<ParameterInfluence> {
  static constexpr const char* group = "/search/effects";
  static constexpr Field<ParameterInfluence> fields[] = {
      {"gene", &ParameterInfluence::parameter},
      {"platform", &ParameterInfluence::platform},
      {"pairs", &ParameterInfluence::pairs},
      {"changes", &ParameterInfluence::changes}};
};
template <>
struct Layout<RefusedGroup> {
  static constexpr const char* group = "/search/regions";
  static constexpr Field<RefusedGroup> fields[] = {{"reason", &RefusedGroup::reason},
                                                   {"common", &RefusedGroup::common},
                                                   {"count", &RefusedGroup::count},
                                                   {"failed", &RefusedGroup::failed}};
};
template <>
struct Layout<TornadoBar> {
  static constexpr const char* group = "/uncertainty/tornado";
  static constexpr Field<TornadoBar> fields[] = {
      {"point", &TornadoBar::point},
      {"parameter", &TornadoBar::parameter},
      {"low", &TornadoBar::low},
      {"high", &TornadoBar::high},
      {"metric", &TornadoBar::metric},
      {"simulated_low", &TornadoBar::simulatedLow, "", true},
      {"simulated_high", &TornadoBar::simulatedHigh, "", true}};
};
template <>
struct Layout<ScenarioValue> {
  static constexpr const char* group = "/uncertainty/scenarios";
  static constexpr Field<ScenarioValue> fields[] = {{"point", &ScenarioValue::point},
                                                    {"scenario", &ScenarioValue::scenario},
                                                    {"time_s", &ScenarioValue::timeS, "s"},
                                                    {"energy_j", &ScenarioValue::energyJ, "J"}};
};
template <>
struct Layout<WinnerRow> {
  static constexpr const char* group = "/uncertainty/winners";
  static constexpr Field<WinnerRow> fields[] = {
      {"workload", &WinnerRow::workload}, {"metric", &WinnerRow::metric},
      {"point", &WinnerRow::point},       {"rival", &WinnerRow::rival},
      {"rests_on", &WinnerRow::restsOn},  {"probability", &WinnerRow::probability, "1"},
      {"value", &WinnerRow::value},       {"p5", &WinnerRow::low},
      {"p95", &WinnerRow::high}};
};
template <>
struct Layout<ComparisonRow> {
  static constexpr const char* group = "/uncertainty/duels";
  static constexpr Field<ComparisonRow> fields[] = {
      {"winner", &ComparisonRow::winner},      {"other", &ComparisonRow::other},
      {"metric", &ComparisonRow::metric},      {"decided_by", &ComparisonRow::decidedBy},
      {"level_at", &ComparisonRow::level},     {"probability", &ComparisonRow::probability, "1"},
      {"ratio", &ComparisonRow::ratio, "1"},   {"ratio_p5", &ComparisonRow::low, "1"},
      {"ratio_p95", &ComparisonRow::high, "1"}};
};

/// What a member is in a file.
double stored(double value) {
  return value;
}
std::int64_t stored(std::int64_t value) {
  return value;
}
std::int64_t stored(bool value) {
  return value ? 1 : 0;
}
const std::string& stored(const std::string& value) {
  return value;
}
std::string stored(const std::vector<std::string>& list) {
  return fmt::format("{}", fmt::join(list, "; "));
}
template <class Value>
void load(Value& member, const Value& cell) {
  member = cell;
}
void load(bool& member, std::int64_t cell) {
  member = cell != 0;
}
void load(std::vector<std::string>& list, const std::string& cell) {
  if (!cell.empty()) list = {cell};
}

/// The cells of a member's column.
template <class Row, class Member>
using Cells = std::vector<std::decay_t<decltype(stored(std::declval<Row>().*Member{}))>>;

}  // namespace

std::size_t StoreColumn::size() const {
  return std::visit([](const auto& v) { return v.size(); }, values);
}

const StoreColumn* StoreTable::column(const std::string& name) const {
  for (const StoreColumn& c : columns)
    if (c.name == name) return &c;
  return nullptr;
}

void checkTable(const StoreTable& table) {
  const auto refuse = [&](const std::string& what) {
    throw std::invalid_argument("table '" + table.group + "': " + what);
  };
  const std::string& g = table.group;
  if (g.size() < 2 || g.front() != '/' || g.back() == '/' || g.find("//") != std::string::npos)
    refuse("the group must look like /name or /name/name");
  for (const char* taken : {"/points", "/results", "/study"})
    if (g == taken || g.starts_with(std::string(taken) + "/")) refuse("the name is taken");
  std::set<std::string> names;
  for (const StoreColumn& column : table.columns) {
    if (column.name.empty() || column.name.find('/') != std::string::npos)
      refuse("'" + column.name + "' cannot be the name of a column");
    if (!names.insert(column.name).second) refuse("column '" + column.name + "' stands twice");
    if (column.size() != table.rows())
      refuse("column '" + column.name + "' differs in length from the first");
  }
}

template <class Row>
StoreTable tableOf(const std::vector<Row>& rows) {
  StoreTable table{Layout<Row>::group, {}};
  for (const Field<Row>& field : Layout<Row>::fields)
    std::visit(
        [&](auto member) {
          Cells<Row, decltype(member)> cells;
          for (const Row& row : rows) cells.push_back(stored(row.*member));
          table.columns.push_back({field.name, std::move(cells), field.unit});
        },
        field.member);
  return table;
}

template <class Row>
std::vector<Row> rowsOf(const Store& store) {
  const StoreTable* table = store.table(Layout<Row>::group);
  std::vector<Row> rows(table == nullptr ? 0 : table->rows());
  if (rows.empty()) return rows;
  for (const Field<Row>& field : Layout<Row>::fields) {
    const StoreColumn* column = table->column(field.name);
    if (column == nullptr && field.later) continue;
    std::visit(
        [&](auto member) {
          using Column = Cells<Row, decltype(member)>;
          const Column* cells = column == nullptr ? nullptr : std::get_if<Column>(&column->values);
          if (cells == nullptr)
            throw InputError(Problem{{store.path(), 0},
                                     table->group,
                                     std::string("has no usable column '") + field.name + "'",
                                     "the layout of docs/results-file.md",
                                     "write the file again with this version"});
          for (std::size_t i = 0; i < rows.size(); ++i) load(rows[i].*member, (*cells)[i]);
        },
        field.member);
  }
  return rows;
}

#define WATTLAS_STORED(Row)                             \
  template StoreTable tableOf(const std::vector<Row>&); \
  template std::vector<Row> rowsOf(const Store&)
WATTLAS_STORED(HistoryStep);
WATTLAS_STORED(ObjectiveInfo);
WATTLAS_STORED(ParameterInfluence);
WATTLAS_STORED(RefusedGroup);
WATTLAS_STORED(TornadoBar);
WATTLAS_STORED(ScenarioValue);
WATTLAS_STORED(WinnerRow);
WATTLAS_STORED(ComparisonRow);

}  // namespace wattlas
