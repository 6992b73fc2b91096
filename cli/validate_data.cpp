#include "cli/validate_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "validation/measured_runs.h"
#include "validation/row_predictor.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

std::string percent(double v) {
  return v < 0 || !std::isfinite(v) ? "-" : fmt::format("{:.3g} %", v * 100);
}

/// User data: measured runs of whole workloads or micro operators (cli/measured_runs.h).
void validateRuns(const Context& context, const std::string& data, bool json) {
  RunPredictor predictor(context.registry, context.path);
  Json rows = Json::array();
  std::map<std::string, std::vector<double>> errors;
  if (!json)
    fmt::print("{:<6} {:<24} {:<26} {:>12} {:>12} {:>9} {:>12} {:>12} {:>9}\n", "line", "platform",
               "workload", "measured us", "ours us", "error", "measured J", "ours J", "error");
  for (const MeasuredRun& r : readMeasuredRuns(data)) {
    const RunPrediction p = predictor.predict(r);
    const auto error = [&](double ours, double truth, const char* what) {
      if (truth <= 0 || !p.reason.empty()) return std::string("-");
      errors[r.platform + " " + what].push_back(ours / truth - 1);
      return fmt::format("{:+.1f} %", 100 * (ours / truth - 1));
    };
    const auto shown = [](double v) { return v > 0 ? fmt::format("{:.5g}", v) : "-"; };
    const std::string time = error(p.seconds, r.seconds, "time"),
                      energy = error(p.joules, r.joules, "energy");
    if (json)
      rows.push_back({{"line", r.line},
                      {"platform", r.platform},
                      {"workload", r.workload},
                      {"measured_s", rounded(r.seconds)},
                      {"ours_s", rounded(p.seconds)},
                      {"measured_j", rounded(r.joules)},
                      {"ours_j", rounded(p.joules)},
                      {"reason", p.reason}});
    else
      fmt::print("{:<6} {:<24} {:<26} {:>12} {:>12} {:>9} {:>12} {:>12} {:>9}{}\n", r.line,
                 r.platform, r.workload, shown(r.seconds * 1e6), shown(p.seconds * 1e6), time,
                 shown(r.joules), shown(p.joules), energy, p.reason.empty() ? "" : "  " + p.reason);
  }
  if (json) {
    fmt::print("{}\n", Json{{"schema", 1}, {"rows", rows}}.dump(2));
    return;
  }
  fmt::print("\n{:<34} {:>6} {:>9} {:>9}\n", "platform", "rows", "MAPE", "bias");
  for (const auto& [name, list] : errors) {
    double sum = 0, bias = 0;
    for (const double e : list) {
      sum += std::abs(e);
      bias += e;
    }
    const auto n = static_cast<double>(list.size());
    fmt::print("{:<34} {:>6} {:>9} {:>+7.1f} %\n", name, list.size(), percent(sum / n),
               100 * bias / n);
  }
}

}  // namespace

/// User data: rows of the operator CSV with `platform` (or `device`) and `measured_us`.
void validateData(const Context& context, const std::string& data, bool json) {
  if (isRunsFile(data)) {
    validateRuns(context, data, json);
    return;
  }
  const CsvFile file = CsvFile::read(data);
  const auto measured = file.column("measured_us");
  auto where = file.column("platform");
  if (!where) where = file.column("device");
  if (!measured || !where)
    throw InputError(Problem{{data, 1},
                             {},
                             "a column is missing",
                             "columns op, measured_us, and platform or device",
                             {}});
  const auto aliases = readAliases(context.path);
  std::map<std::string, std::unique_ptr<RowPredictor>> predictors;
  std::map<std::string, std::vector<double>> errors;
  std::size_t skipped = 0;
  for (const CsvRecord& record : file.records) {
    if (record.cells.size() <= std::max(*measured, *where)) {
      ++skipped;
      continue;
    }
    std::string platform = record.cells[*where];
    if (const auto alias = aliases.find(platform); alias != aliases.end()) platform = alias->second;
    auto& predictor = predictors[platform];
    if (!predictor)
      predictor =
          std::make_unique<RowPredictor>(context.registry, context.path, platform,
                                         std::vector<std::pair<std::string, ConfigNode>>{
                                             {"run.fidelity", ConfigNode::ofScalar("analytic")}});
    const Prediction p = predictor->predict(file, record);
    const double truth = std::strtod(record.cells[*measured].c_str(), nullptr);
    if (!p.feasible || truth <= 0) {
      ++skipped;
      continue;
    }
    errors[platform + " " + record.cells[*file.column("op")]].push_back(p.microseconds / truth -
                                                                        1.0);
  }
  fmt::print("{:<34} {:>6} {:>9} {:>9} {:>9}\n", "platform and op", "rows", "MAPE", "median",
             "bias");
  for (auto& [name, list] : errors) {
    double sum = 0, bias = 0;
    std::vector<double> absolute;
    for (const double e : list) {
      sum += std::abs(e);
      bias += e;
      absolute.push_back(std::abs(e));
    }
    std::sort(absolute.begin(), absolute.end());
    const auto n = static_cast<double>(list.size());
    fmt::print("{:<34} {:>6} {:>9} {:>9} {:>+8.1f} %\n", name, list.size(), percent(sum / n),
               percent(absolute[absolute.size() / 2]), 100 * bias / n);
  }
  fmt::print("{} rows skipped (infeasible, or without a measured time)\n", skipped);
}

}  // namespace wattlas
