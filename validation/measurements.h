// Measurements of users: a CSV with what ran where, and what was measured.
#pragma once

#include <string>
#include <vector>

#include "validation/probe.h"

namespace wattlas {

struct Measurement {
  int line = 0;
  Settings settings;               ///< of the probe that answers for it
  double seconds = 0, joules = 0;  ///< 0 = not measured
  bool test = false;               ///< held out from a fit
  bool kernelOnly = false;         ///< time and energy of the operators alone
  std::string platform() const { return settings.get("platform", settings.get("device")); }
};

/// Columns of both kinds: `platform` (or `device`), `measured_us` and/or `measured_j`, optional
/// `split` (fit or test). With `workload`: whole runs, optional `format, prompt, generate, batch`,
/// `timing` (run, or kernel: the operators' own time without launch and host) and `set:KEY` for any
/// key of --set; other columns are refused. With `op`: the operator CSV of docs/contract.md, 3.
struct Measurements {
  bool operators = false;
  std::vector<Measurement> rows;

  /// Throws InputError with every problem, each with line and column.
  static Measurements read(const std::string& file);
};

struct Predicted {
  double seconds = 0, joules = 0;
  std::string reason;  ///< why there is none
};

/// Closed forms of the rows, in their order, with `sets` on top of what the rows say.
std::vector<Predicted> predicted(const Measurements& all, const ProbeContext& context,
                                 const std::vector<std::pair<std::string, std::string>>& sets = {});

}  // namespace wattlas
