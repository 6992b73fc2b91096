#include "validation/measured_runs.h"

#include <charconv>
#include <cmath>

#include "models/simulate.h"
#include "validation/operator_csv.h"

namespace wattlas {
namespace {

class Reader {
 public:
  Reader(const std::string& name, const CsvFile& file, Problems& problems)
      : name_(name), file_(file), problems_(problems) {}

  std::string text(const CsvRecord& r, const std::string& column) const {
    const auto at = file_.column(column);
    return at && *at < r.cells.size() ? r.cells[*at] : std::string();
  }
  void problem(const CsvRecord& r, const std::string& column, std::string what,
               std::string expected) const {
    problems_.add({{name_, r.line}, column, std::move(what), std::move(expected), {}});
  }
  /// A positive number; 0 for an empty cell.
  double positive(const CsvRecord& r, const std::string& column) const {
    const std::string cell = text(r, column);
    if (cell.empty()) return 0;
    double value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value) ||
        value <= 0) {
      problem(r, column, "'" + cell.substr(0, 40) + "' is no measurement",
              "a positive number such as 412.5");
      return 0;
    }
    return value;
  }

 private:
  const std::string& name_;
  const CsvFile& file_;
  Problems& problems_;
};

MeasuredRun runOf(const Reader& reader, const CsvFile& file, const CsvRecord& r) {
  MeasuredRun run;
  run.line = r.line;
  if (r.cells.size() > file.header.size())
    reader.problem(r, {}, "has " + std::to_string(r.cells.size()) + " cells",
                   "at most " + std::to_string(file.header.size()) + ", as the header");
  run.platform = reader.text(r, "platform");
  run.workload = reader.text(r, "workload");
  if (run.platform.empty()) reader.problem(r, "platform", "is empty", "a platform id or file");
  if (run.workload.empty())
    reader.problem(r, "workload", "is empty", "a workload such as gemv:4096x4096");
  run.seconds = reader.positive(r, "measured_us") * 1e-6;
  run.joules = reader.positive(r, "measured_j");
  if (reader.text(r, "measured_us").empty() && reader.text(r, "measured_j").empty())
    reader.problem(r, "measured_us", "nothing was measured", "measured_us or measured_j");
  for (const char* key : {"format", "prompt", "generate", "batch"})
    if (const std::string cell = reader.text(r, key); !cell.empty())
      run.sets.emplace_back(std::string("workload.") + key, ConfigNode::ofScalar(cell));
  for (const std::string& column : file.header)
    if (column.starts_with("set:") && !reader.text(r, column).empty())
      run.sets.emplace_back(column.substr(4), ConfigNode::ofScalar(reader.text(r, column)));
  const std::string split = reader.text(r, "split"), timing = reader.text(r, "timing");
  if (!split.empty() && split != "fit" && split != "test")
    reader.problem(r, "split", "'" + split.substr(0, 40) + "' is unknown", "fit or test");
  if (!timing.empty() && timing != "kernel" && timing != "run")
    reader.problem(r, "timing", "'" + timing.substr(0, 40) + "' is unknown", "kernel or run");
  run.test = split == "test";
  run.kernelOnly = timing == "kernel";
  return run;
}

/// Time and energy of the device's own operators, without launch, host and waiting.
RunPrediction kernelOf(const RunResult& result) {
  RunPrediction out;
  for (const OperatorResult& o : result.operators)
    if (o.device == "device" && o.kind != "idle") {
      out.seconds += o.endS - o.startS;
      out.joules += o.energyJ;
    }
  return out;
}

}  // namespace

bool isRunsFile(const std::string& file) {
  return CsvFile::read(file, {}).column("workload").has_value();
}

std::vector<MeasuredRun> readMeasuredRuns(const std::string& name) {
  const CsvFile file = CsvFile::read(name, {});
  Problems problems;
  for (const char* column : {"platform", "workload"})
    if (!file.column(column))
      problems.add({{name, 1},
                    column,
                    "the column is missing",
                    "columns platform, workload, and measured_us or measured_j",
                    {}});
  if (!file.column("measured_us") && !file.column("measured_j"))
    problems.add({{name, 1},
                  "measured_us",
                  "nothing measured is in this file",
                  "a column measured_us (microseconds) or measured_j (joules)",
                  {}});
  problems.finish();
  static const std::vector<std::string> known = {
      "platform", "workload", "measured_us", "measured_j", "format", "prompt",
      "generate", "batch",    "split",       "timing",     "source", "note"};
  for (const std::string& column : file.header)
    if (!column.starts_with("set:") && std::find(known.begin(), known.end(), column) == known.end())
      problems.add({{name, 1},
                    column.substr(0, 40),
                    "is no known column",
                    "a known one, or set:KEY for a parameter",
                    didYouMean(column, known)});
  const Reader reader(name, file, problems);
  std::vector<MeasuredRun> runs;
  for (const CsvRecord& record : file.records) runs.push_back(runOf(reader, file, record));
  if (runs.empty())
    problems.add({{name, 2}, {}, "has no rows", "one row for each measured run", {}});
  problems.finish();
  return runs;
}

RunPrediction RunPredictor::predict(const MeasuredRun& run,
                                    const std::vector<std::pair<std::string, ConfigNode>>& more) {
  ExperimentSpec spec{run.platform, run.workload, run.sets};
  spec.sets.insert(spec.sets.end(), more.begin(), more.end());
  spec.sets.emplace_back("run.fidelity", ConfigNode::ofScalar("analytic"));
  ProfileCache cache;
  const RunResult result = simulate(maker_.make(spec), cache, {});
  if (!result.feasible) return {0, 0, result.reasons.empty() ? "infeasible" : result.reasons[0]};
  if (run.kernelOnly) return kernelOf(result);
  return {result.timeS, result.energyJ, {}};
}

std::vector<ParameterRecord> RunPredictor::parameters(const MeasuredRun& run) {
  ExperimentSpec spec{run.platform, run.workload, run.sets};
  spec.sets.emplace_back("run.fidelity", ConfigNode::ofScalar("analytic"));
  return maker_.make(spec).platform->config.parameters;
}

}  // namespace wattlas
