#include "results/point.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>

#include "models/base/atomic_file.h"
#include "models/base/error.h"
#include "models/base/units.h"
#include "results/csv.h"
#include "results/summary.h"

namespace wattlas {
namespace {

constexpr std::array<const char*, 4> leading = {"point_id", "platform", "workload", "format"};
constexpr std::array<const char*, 2> before = {"fidelity", "scope"};
constexpr std::array<const char*, 6> behind = {"accuracy_kind", "feasible",    "pareto",
                                               "reason",        "config_hash", "device"};

void appendMetricNames(std::vector<std::string>& cells, int from, int to) {
  for (int m = from; m < to; ++m) cells.push_back(metricAt(m).name);
}
void appendMetrics(std::vector<std::string>& cells, const PointRow& row, int from, int to) {
  for (int m = from; m < to; ++m) cells.push_back(csvNumber(row[m]));
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : "; ") + text;
  return all;
}

}  // namespace

bool isFixedColumn(const std::string& name) {
  const auto in = [&](const auto& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const auto metric = findMetric(name);
  return in(leading) || in(before) || in(behind) || (metric && *metric < coreMetricCount);
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
  for (int m = 0; m < coreMetricCount; ++m) row[m] = metricOf(r, m);
  if (!r.feasible) {
    row.reason = joined(r.reasons);
    return row;
  }
  row.device = ranOn(row[metricHostShare]);
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

double numberOf(const PointRow& row, const std::string& column) {
  if (const auto metric = findMetric(column); metric && *metric < coreMetricCount)
    return row[*metric];
  std::vector<std::string> names;
  appendMetricNames(names, 0, coreMetricCount);
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
  cells.insert(cells.end(), before.begin(), before.end());
  appendMetricNames(cells, 0, contractMetricCount);
  cells.insert(cells.end(), behind.begin(), behind.end());
  appendMetricNames(cells, contractMetricCount, coreMetricCount);
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
    appendMetrics(cells, row, 0, contractMetricCount);
    cells.insert(cells.end(),
                 {row.accuracyKind, row.feasible ? "true" : "false", row.pareto ? "true" : "false",
                  row.reason, row.configHash, row.device});
    appendMetrics(cells, row, contractMetricCount, coreMetricCount);
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
