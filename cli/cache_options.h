// --cache and --cache-base: rows of earlier runs, for explore and campaign run.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/context.h"
#include "explorer/campaign/evaluation_cache.h"

namespace wattlas {

struct CacheFlags {
  std::string folder, base;

  void addTo(CLI::App& app);
  bool wanted() const { return !folder.empty(); }
  /// Throws InputError when the folders cannot be used.
  std::unique_ptr<EvaluationCache> open(const Context& context) const;
};

/// "12 of 40 points from the cache"; what went wrong goes to the log.
std::string cacheSummary(const EvaluationCache& cache);

}  // namespace wattlas
