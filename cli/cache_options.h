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
};

/// An evaluator with the cache in front of it, when that is wanted.
class OptionalCache {
 public:
  /// Throws InputError when the folders cannot be used.
  OptionalCache(const CacheFlags& flags, const Context& context, Evaluator& inner);
  Evaluator& evaluator() { return cached_ ? *cached_ : inner_; }
  /// "12 of 40 points from the cache" on standard output, trouble to the log.
  void printSummary() const;

 private:
  Evaluator& inner_;
  std::unique_ptr<EvaluationCache> cache_;
  std::unique_ptr<CachedEvaluator> cached_;
};

}  // namespace wattlas
