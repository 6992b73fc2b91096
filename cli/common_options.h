// The options that run, compare, predict and explore share (COMMON in docs/contract.md, 1).
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "models/experiment.h"

namespace wattlas {

struct CommonOptions {
  std::optional<std::int64_t> prompt, generate, batch, seed;
  std::string format, rate, fidelity, mapping, energy, scope;
  bool uncertainty = false, train = false;
  std::vector<std::string> sets;

  void addTo(CLI::App& app);
  /// Flags first, then `--set` in order, so that a later `--set` wins.
  std::vector<std::pair<std::string, ConfigNode>> assignments() const;
  ExperimentSpec spec(const std::string& platform, const std::string& workload) const;
};

/// An option that may be given several times, with one value each time.
inline CLI::Option* repeated(CLI::Option* option) {
  return option->take_all()->allow_extra_args(false);
}

// Files that a command writes must not be those it reads.

/// Throws InputError when `file`, given with `flag`, is the same file as `other` (named `what`).
/// Empty names are no files.
void refuseSameFile(const char* flag, const std::string& file, const std::string& other,
                    const std::string& what);

/// Throws InputError when `file` is a table of design points, as `explore --csv` writes, and would
/// be overwritten by something else.
void refusePointTable(const char* flag, const std::string& file);

}  // namespace wattlas
