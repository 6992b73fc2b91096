#include "results/point.h"

#include <algorithm>
#include <array>
#include <cmath>

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

void PointColumns::note(const PointRow& row) {
  const auto has = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const auto& [name, value] : row.parameters)
    if (!has(parameters, name) && !isFixedColumn(name)) parameters.push_back(name);
  for (const auto& [name, value] : row.extra)
    if (!has(extras, name)) extras.push_back(name);
}

void PointColumns::sort(const std::vector<std::string>& order) {
  const auto place = [&](const std::string& name) {
    return std::find(order.begin(), order.end(), name) - order.begin();
  };
  std::stable_sort(parameters.begin(), parameters.end(),
                   [&](const std::string& a, const std::string& b) { return place(a) < place(b); });
}

PointColumns columnsOf(const std::vector<PointRow>& rows, const std::vector<std::string>& order) {
  PointColumns columns;
  for (const PointRow& row : rows) columns.note(row);
  columns.sort(order);
  return columns;
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

void appendPointHeader(std::string& out, const PointColumns& columns) {
  std::vector<std::string> cells(leading.begin(), leading.end());
  cells.insert(cells.end(), columns.parameters.begin(), columns.parameters.end());
  cells.insert(cells.end(), before.begin(), before.end());
  appendMetricNames(cells, 0, contractMetricCount);
  cells.insert(cells.end(), behind.begin(), behind.end());
  appendMetricNames(cells, contractMetricCount, coreMetricCount);
  cells.insert(cells.end(), columns.extras.begin(), columns.extras.end());
  appendCsvLine(out, cells);
}

void appendPoint(std::string& out, const PointColumns& columns, const PointRow& row) {
  std::vector<std::string> cells = {row.id, row.platform, row.workload, row.format};
  for (const std::string& parameter : columns.parameters) {
    const std::string* value = parameterOf(row, parameter);
    cells.push_back(value != nullptr ? *value : "");
  }
  cells.insert(cells.end(), {row.fidelity, row.scope});
  appendMetrics(cells, row, 0, contractMetricCount);
  cells.insert(cells.end(),
               {row.accuracyKind, row.feasible ? "true" : "false", row.pareto ? "true" : "false",
                row.reason, row.configHash, row.device});
  appendMetrics(cells, row, contractMetricCount, coreMetricCount);
  for (const std::string& extra : columns.extras) cells.push_back(csvNumber(extraOf(row, extra)));
  appendCsvLine(out, cells);
}

PointCsvFile::PointCsvFile(const std::string& path, PointColumns columns)
    : file_(path), columns_(std::move(columns)) {
  appendPointHeader(pending_, columns_);
}

void PointCsvFile::add(const PointRow& row) {
  appendPoint(pending_, columns_, row);
  if (pending_.size() < (std::size_t{1} << 20)) return;
  file_.write(pending_);
  pending_.clear();
}

void PointCsvFile::commit() {
  file_.write(pending_);
  file_.commit();
}

std::string pointCsv(const std::vector<PointRow>& rows, const std::vector<std::string>& order) {
  const PointColumns columns = columnsOf(rows, order);
  std::string out;
  appendPointHeader(out, columns);
  for (const PointRow& row : rows) appendPoint(out, columns, row);
  return out;
}

}  // namespace wattlas
