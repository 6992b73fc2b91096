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

}  // namespace wattlas
