#include "results/store_table.h"

#include <set>
#include <stdexcept>

#include "models/base/error.h"
#include "results/store.h"

namespace wattlas {
namespace {

using Numbers = std::vector<double>;
using Integers = std::vector<std::int64_t>;
using Texts = std::vector<std::string>;

/// One column from a member (or a function) of all rows.
template <class Values, class Row, class Get>
StoreColumn columnFrom(const char* name, const std::vector<Row>& rows, const Get& get,
                       const char* unit = "") {
  Values values;
  values.reserve(rows.size());
  for (const Row& row : rows) values.push_back(std::invoke(get, row));
  return {name, std::move(values), unit};
}

/// A table with its columns as they are asked for.
class Reader {
 public:
  Reader(const Store& store, const char* group) : store_(store), table_(store.table(group)) {}
  std::size_t rows() const { return table_ ? table_->rows() : 0; }
  bool has(const char* name) const { return table_->column(name) != nullptr; }
  template <class Values>
  const Values& get(const char* name) const {
    const StoreColumn* column = table_->column(name);
    const Values* values = column == nullptr ? nullptr : std::get_if<Values>(&column->values);
    if (values == nullptr)
      throw InputError(Problem{{store_.path(), 0},
                               table_->group,
                               std::string("has no usable column '") + name + "'",
                               "the layout of docs/results-file.md",
                               "write the file again with this version"});
    return *values;
  }

 private:
  const Store& store_;
  const StoreTable* table_;
};

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

std::string joinedSettings(const RefusedGroup& group) {
  std::string text;
  for (const std::string& setting : group.common) text += (text.empty() ? "" : "; ") + setting;
  return text;
}

StoreTable historyTable(const std::vector<HistoryStep>& s) {
  return {"/search/history",
          {columnFrom<Integers>("evaluations", s, &HistoryStep::evaluations),
           columnFrom<Numbers>("hypervolume", s, &HistoryStep::hypervolume, "1"),
           columnFrom<Integers>("seed", s, &HistoryStep::seed),
           columnFrom<Texts>("workload", s, &HistoryStep::workload)}};
}

StoreTable objectivesTable(const std::vector<ObjectiveInfo>& o) {
  return {"/search/objectives",
          {columnFrom<Texts>("name", o, &ObjectiveInfo::name),
           columnFrom<Integers>("maximise", o, &ObjectiveInfo::maximise)}};
}

StoreTable effectsTable(const std::vector<ParameterInfluence>& e) {
  return {"/search/effects",
          {columnFrom<Texts>("gene", e, &ParameterInfluence::parameter),
           columnFrom<Texts>("platform", e, &ParameterInfluence::platform),
           columnFrom<Integers>("pairs", e, &ParameterInfluence::pairs),
           columnFrom<Integers>("changes", e, &ParameterInfluence::changes)}};
}

StoreTable regionsTable(const std::vector<RefusedGroup>& r) {
  return {"/search/regions",
          {columnFrom<Texts>("reason", r, &RefusedGroup::reason),
           columnFrom<Texts>("common", r, joinedSettings),
           columnFrom<Integers>("count", r, &RefusedGroup::count),
           columnFrom<Integers>("failed", r, &RefusedGroup::failed)}};
}

StoreTable tornadoTable(const std::vector<TornadoBar>& b) {
  return {"/uncertainty/tornado",
          {columnFrom<Texts>("point", b, &TornadoBar::point),
           columnFrom<Texts>("parameter", b, &TornadoBar::parameter),
           columnFrom<Numbers>("low", b, &TornadoBar::low),
           columnFrom<Numbers>("high", b, &TornadoBar::high),
           columnFrom<Texts>("metric", b, &TornadoBar::metric),
           columnFrom<Numbers>("simulated_low", b, &TornadoBar::simulatedLow),
           columnFrom<Numbers>("simulated_high", b, &TornadoBar::simulatedHigh)}};
}

StoreTable scenariosTable(const std::vector<ScenarioValue>& v) {
  return {"/uncertainty/scenarios",
          {columnFrom<Texts>("point", v, &ScenarioValue::point),
           columnFrom<Integers>("scenario", v, &ScenarioValue::scenario),
           columnFrom<Numbers>("time_s", v, &ScenarioValue::timeS, "s"),
           columnFrom<Numbers>("energy_j", v, &ScenarioValue::energyJ, "J")}};
}

StoreTable winnersTable(const std::vector<WinnerRow>& w) {
  return {"/uncertainty/winners",
          {columnFrom<Texts>("workload", w, &WinnerRow::workload),
           columnFrom<Texts>("metric", w, &WinnerRow::metric),
           columnFrom<Texts>("point", w, &WinnerRow::point),
           columnFrom<Texts>("rival", w, &WinnerRow::rival),
           columnFrom<Texts>("rests_on", w, &WinnerRow::restsOn),
           columnFrom<Numbers>("probability", w, &WinnerRow::probability, "1"),
           columnFrom<Numbers>("value", w, &WinnerRow::value),
           columnFrom<Numbers>("p5", w, &WinnerRow::low),
           columnFrom<Numbers>("p95", w, &WinnerRow::high)}};
}

std::vector<HistoryStep> historyOf(const Store& store) {
  const Reader in(store, "/search/history");
  std::vector<HistoryStep> out(in.rows());
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = {in.get<Integers>("evaluations")[i], in.get<Numbers>("hypervolume")[i],
              in.get<Integers>("seed")[i], in.get<Texts>("workload")[i]};
  return out;
}

std::vector<ObjectiveInfo> objectivesOf(const Store& store) {
  const Reader in(store, "/search/objectives");
  std::vector<ObjectiveInfo> out(in.rows());
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = {in.get<Texts>("name")[i], in.get<Integers>("maximise")[i] != 0};
  return out;
}

std::vector<ParameterInfluence> effectsOf(const Store& store) {
  const Reader in(store, "/search/effects");
  std::vector<ParameterInfluence> out(in.rows());
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = {in.get<Texts>("gene")[i], in.get<Texts>("platform")[i], in.get<Integers>("pairs")[i],
              in.get<Integers>("changes")[i] != 0};
  return out;
}

std::vector<RefusedGroup> regionsOf(const Store& store) {
  const Reader in(store, "/search/regions");
  std::vector<RefusedGroup> out(in.rows());
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::vector<std::string> common;
    if (const std::string& text = in.get<Texts>("common")[i]; !text.empty()) common = {text};
    out[i] = {in.get<Texts>("reason")[i], std::move(common), in.get<Integers>("count")[i],
              in.get<Integers>("failed")[i] != 0};
  }
  return out;
}

std::vector<TornadoBar> tornadoOf(const Store& store) {
  const Reader in(store, "/uncertainty/tornado");
  std::vector<TornadoBar> out(in.rows());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = {in.get<Texts>("point")[i], in.get<Texts>("parameter")[i], in.get<Numbers>("low")[i],
              in.get<Numbers>("high")[i], in.get<Texts>("metric")[i]};
    if (!in.has("simulated_low") || !in.has("simulated_high"))
      continue;  // files of an older version
    out[i].simulatedLow = in.get<Numbers>("simulated_low")[i];
    out[i].simulatedHigh = in.get<Numbers>("simulated_high")[i];
  }
  return out;
}

std::vector<ScenarioValue> scenariosOf(const Store& store) {
  const Reader in(store, "/uncertainty/scenarios");
  std::vector<ScenarioValue> out(in.rows());
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = {in.get<Texts>("point")[i], in.get<Integers>("scenario")[i],
              in.get<Numbers>("time_s")[i], in.get<Numbers>("energy_j")[i]};
  return out;
}

std::vector<WinnerRow> winnersOf(const Store& store) {
  const Reader in(store, "/uncertainty/winners");
  std::vector<WinnerRow> out(in.rows());
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = {in.get<Texts>("workload")[i], in.get<Texts>("metric")[i],
              in.get<Texts>("point")[i],    in.get<Texts>("rival")[i],
              in.get<Texts>("rests_on")[i], in.get<Numbers>("probability")[i],
              in.get<Numbers>("value")[i],  in.get<Numbers>("p5")[i],
              in.get<Numbers>("p95")[i]};
  return out;
}

}  // namespace wattlas
