#include "results/point.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "models/base/atomic_file.h"
#include "models/base/error.h"
#include "models/base/units.h"
#include "results/csv.h"
#include "results/summary.h"

namespace wattlas {
namespace {

constexpr std::array<const char*, 4> leading = {"point_id", "platform", "workload", "format"};
constexpr std::array<const char*, 14> trailing = {
    "fidelity",     "scope",    "time_s",   "energy_j",    "power_avg_w",
    "power_peak_w", "area_mm2", "accuracy", "accuracy_se", "accuracy_kind",
    "feasible",     "pareto",   "reason",   "config_hash"};

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : "; ") + text;
  return all;
}

}  // namespace

bool isFixedColumn(const std::string& name) {
  return std::find(leading.begin(), leading.end(), name) != leading.end() ||
         std::find(trailing.begin(), trailing.end(), name) != trailing.end();
}

PointRow makePointRow(std::string id, const RunResult& r,
                      std::vector<std::pair<std::string, std::string>> parameters) {
  PointRow row;
  row.id = std::move(id);
  row.platform = r.platform;
  row.workload = r.workload;
  row.format = r.format;
  row.parameters = std::move(parameters);
  row.fidelity = fidelityText(r);
  row.scope = r.scope;
  row.feasible = r.feasible;
  row.configHash = r.configHash;
  row.accuracyKind = r.accuracy.kind;
  if (r.accuracy.value) row.accuracy = rounded(*r.accuracy.value);
  if (r.accuracy.se) row.accuracySe = rounded(*r.accuracy.se);
  if (!r.feasible) {
    row.reason = joined(r.reasons);
    return row;
  }
  row.timeS = rounded(r.timeS);
  row.energyJ = rounded(r.energyJ);
  row.powerAvgW = rounded(r.powerAvgW);
  row.powerPeakW = rounded(r.powerPeakW);
  if (r.areaMm2 > 0) row.areaMm2 = rounded(r.areaMm2);
  if (const auto time = timeByBound(r); !time.empty()) {
    row.bound = time.front().name;
    row.boundShare = rounded(time.front().share);
  }
  if (const auto energy = energyByCategory(r); !energy.empty()) {
    row.energyCategory = energy.front().name;
    row.energyCategoryShare = rounded(energy.front().share);
  }
  return row;
}

const std::vector<NumberColumn>& numberColumns() {
  static const std::vector<NumberColumn> columns = {
      {"time_s", &PointRow::timeS},          {"energy_j", &PointRow::energyJ},
      {"power_avg_w", &PointRow::powerAvgW}, {"power_peak_w", &PointRow::powerPeakW},
      {"area_mm2", &PointRow::areaMm2},      {"accuracy", &PointRow::accuracy},
      {"accuracy_se", &PointRow::accuracySe}};
  return columns;
}

double numberOf(const PointRow& row, const std::string& column) {
  std::vector<std::string> names;
  for (const NumberColumn& known : numberColumns()) {
    if (column == known.name) return row.*known.member;
    names.emplace_back(known.name);
  }
  for (const auto& [name, value] : row.extra) {
    if (name == column) return value;
    names.push_back(name);
  }
  throw InputError("'" + column.substr(0, 60) + "' is not a number of a design point",
                   joined(names), didYouMean(column, names));
}

std::vector<std::string> parameterColumns(const std::vector<PointRow>& rows,
                                          const std::vector<std::string>& order) {
  std::vector<std::string> names;
  std::unordered_set<std::string> seen;
  for (const PointRow& row : rows)
    for (const auto& [name, value] : row.parameters)
      if (seen.insert(name).second && !isFixedColumn(name)) names.push_back(name);
  const auto place = [&](const std::string& name) {
    return std::find(order.begin(), order.end(), name) - order.begin();
  };
  if (!order.empty())
    std::stable_sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
      return place(a) < place(b);
    });
  return names;
}

std::vector<std::string> extraColumns(const std::vector<PointRow>& rows) {
  std::vector<std::string> names;
  std::unordered_set<std::string> seen;
  for (const PointRow& row : rows)
    for (const auto& [name, value] : row.extra)
      if (seen.insert(name).second) names.push_back(name);
  return names;
}

double extraOf(const PointRow& row, const std::string& column) {
  for (const auto& [name, value] : row.extra)
    if (name == column) return value;
  return missing;
}

const std::string* parameterOf(const PointRow& row, const std::string& parameter) {
  for (const auto& [name, value] : row.parameters)
    if (name == parameter) return &value;
  return nullptr;
}

std::string pointCsv(const std::vector<PointRow>& rows, const std::vector<std::string>& order) {
  const std::vector<std::string> parameters = parameterColumns(rows, order);
  std::string out;
  std::vector<std::string> cells(leading.begin(), leading.end());
  cells.insert(cells.end(), parameters.begin(), parameters.end());
  cells.insert(cells.end(), trailing.begin(), trailing.end());
  const std::vector<std::string> extras = extraColumns(rows);
  cells.insert(cells.end(), extras.begin(), extras.end());
  appendCsvLine(out, cells);
  for (const PointRow& row : rows) {
    cells = {row.id, row.platform, row.workload, row.format};
    for (const std::string& parameter : parameters) {
      const std::string* value = parameterOf(row, parameter);
      cells.push_back(value != nullptr ? *value : "");
    }
    cells.insert(cells.end(), {row.fidelity, row.scope});
    for (const NumberColumn& column : numberColumns())
      cells.push_back(csvNumber(row.*column.member));
    cells.insert(cells.end(), {row.accuracyKind, row.feasible ? "true" : "false",
                               row.pareto ? "true" : "false", row.reason, row.configHash});
    for (const std::string& extra : extras) cells.push_back(csvNumber(extraOf(row, extra)));
    appendCsvLine(out, cells);
  }
  return out;
}

void writePointCsv(const std::string& path, const std::vector<PointRow>& rows,
                   const std::vector<std::string>& order) {
  writeFileAtomically(path, pointCsv(rows, order));
}

}  // namespace wattlas
