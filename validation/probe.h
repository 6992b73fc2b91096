// What a comparison may ask: a probe runs what ships and answers with figures by name.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/registry.h"
#include "models/simulate.h"
#include "validation/operator_csv.h"

namespace wattlas {

/// Prices one operator alone on a platform's device: weights resident, without launch or copies.
struct Prediction {
  bool feasible = false;
  double microseconds = 0, joules = 0;
  std::string bound, reason, stack;
};

/// Device names of published data -> platforms (configs/aliases.yaml).
std::map<std::string, std::string> readAliases(const SearchPath& path);

class RowPredictor {
 public:
  RowPredictor(const Registry& registry, const SearchPath& path, const std::string& platform,
               const std::vector<std::pair<std::string, ConfigNode>>& sets, std::string stack = {});
  /// Never throws for what a row says: the reason is part of the prediction.
  Prediction predict(const CsvFile& file, const CsvRecord& record);
  Prediction predict(const CsvOperator& row);
  const char* fidelityUsed() const { return nameOf(level_); }

 private:
  std::string stack_;  ///< of rows that name none
  Experiment experiment_;
  Fidelity level_ = Fidelity::analytic;
  ProfileCache cache_;
  std::size_t rows_ = 0;
};

/// Names and values of one question, in order: cells of a data file and settings of its group file.
class Settings {
 public:
  using Entry = std::pair<std::string, std::string>;

  /// Replaces or appends.
  void put(const std::string& name, const std::string& value);
  /// Null when absent.
  const std::string* find(const std::string& name) const;
  std::string get(const std::string& name, const std::string& fallback = {}) const;
  /// Throws InputError when absent or no number.
  double number(const std::string& name) const;
  const std::vector<Entry>& entries() const { return entries_; }
  bool operator==(const Settings&) const = default;

 private:
  std::vector<Entry> entries_;
};

/// Figures by name in SI units (s, J, W, bytes/s), or why there are none.
struct Answer {
  std::map<std::string, double> figures;
  std::string reason;
};

/// Answers in the order of the questions. Throws InputError for what cannot be asked at all; a
/// refusal or an infeasible run is an answer with a reason.
using Probe = std::function<std::vector<Answer>(const std::vector<Settings>&)>;

/// What probes are made from.
struct ProbeContext {
  const Registry& registry;
  const SearchPath& path;
  /// Runs a function in a process of its own (SystemC elaborates once a process).
  std::function<std::string(const std::function<std::string()>&)> isolated;
  std::string executable;  ///< of this program, for worker processes
};

/// `run`: a platform and a workload as `wattlas run` takes them (`platform`, `workload`, `prompt`,
/// `generate`, `batch`, `format`; any other name is a key of `--set`). Figures: the numbers of the
/// result JSON by dotted path (`phases.decode.time_s`), `device_time_s` and `device_energy_j` (the
/// operators on the device, without launch, copies and host).
Probe makeRunProbe(const ProbeContext& context);
/// `predict`: one operator as a row of the operator CSV, on `platform` at `fidelity`; names with a
/// dot are keys of `--set`. Figures: `time_s`, `energy_j`.
Probe makePredictProbe(const ProbeContext& context);

}  // namespace wattlas
