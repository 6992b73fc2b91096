// Measured runs of users: a CSV with a platform, a workload and what was measured.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/experiment.h"

namespace wattlas {

/// One measured run. Columns: `platform`, `workload` (id, file or micro workload), `measured_us`
/// and/or `measured_j`; optional `format`, `prompt`, `generate`, `batch`, `split` (fit or test),
/// and any `set:KEY` column with a value for that key. `timing` = kernel counts the operator's own
/// time on the device (without launch and host); default: the whole run.
struct MeasuredRun {
  int line = 0;
  std::string platform, workload;
  std::vector<std::pair<std::string, ConfigNode>> sets;
  double seconds = 0, joules = 0;  ///< 0 = not measured
  bool test = false;               ///< held out from a fit
  bool kernelOnly = false;
};

/// True when the file's header has a column `workload` (otherwise it is an operator CSV).
bool isRunsFile(const std::string& file);
/// Throws InputError with every problem, each with line and column.
std::vector<MeasuredRun> readMeasuredRuns(const std::string& file);

struct RunPrediction {
  double seconds = 0, joules = 0;
  std::string reason;  ///< why there is none
};

/// Closed-form predictions of many runs under varying parameters.
class RunPredictor {
 public:
  RunPredictor(const Registry& registry, const SearchPath& path) : maker_(registry, path) {}
  /// Throws InputError for unknown platforms, workloads or keys (with the line of the row).
  RunPrediction predict(const MeasuredRun& run,
                        const std::vector<std::pair<std::string, ConfigNode>>& more = {});
  /// Parameters of the platform of `run`.
  std::vector<ParameterRecord> parameters(const MeasuredRun& run);

 private:
  ExperimentMaker maker_;
};

}  // namespace wattlas
