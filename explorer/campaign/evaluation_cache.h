// Rows of earlier runs, found again by what was evaluated.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "explorer/campaign/journal_set.h"
#include "explorer/campaign/journal_writer.h"
#include "explorer/outcome.h"

namespace wattlas {

struct CacheOptions {
  std::string folder;  ///< written to; best on a disk of this machine
  std::string base;    ///< read only, such as a shared folder; may be empty
  std::string build;   ///< buildFingerprint(): rows of other builds are not looked at
  /// Hash of the merged configuration of one experiment: a changed platform file changes it.
  /// Throws InputError for an invalid combination, which is evaluated and not kept.
  std::function<std::string(const ExperimentSpec&)> configHash;
};

/// A folder of journals, one per writing process under a name of its own, so that any number of
/// processes may write at once and a crash costs nothing but a torn last record. Rows are sound or
/// they are not found. Folders are combined by copying their files together.
class EvaluationCache {
 public:
  /// Reads the tables of contents; creates `folder`. Throws InputError, JournalFailure.
  explicit EvaluationCache(CacheOptions options);
  ~EvaluationCache();

  /// Key of an evaluation: point, judgement, build, configuration. Nothing when the combination is
  /// not a valid configuration.
  std::optional<Hash128> keyOf(const Study& study, const DesignPoint& point,
                               const Hash128& evaluation) const;
  std::optional<PointOutcome> find(const Hash128& key) const;
  /// Keeps a row; failures are not kept. A full disk switches keeping off, and `trouble` says so.
  void keep(const Hash128& key, const PointOutcome& outcome);
  void flush();

  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }
  /// Why rows are no longer kept; empty while all is well.
  const std::string& trouble() const { return trouble_; }
  const std::string& build() const { return options_.build; }

 private:
  void create();

  CacheOptions options_;
  std::string local_;
  JournalSet known_, base_;
  std::unique_ptr<JournalWriter> writer_;
  std::string trouble_;
  mutable std::uint64_t hits_ = 0, misses_ = 0;
};

/// Asks the cache before another evaluator.
class CachedEvaluator : public Evaluator {
 public:
  CachedEvaluator(Evaluator& inner, EvaluationCache& cache) : inner_(inner), cache_(cache) {}
  void prepare(const Study& study, bool withDetail) override { inner_.prepare(study, withDetail); }
  bool evaluate(const Study& study, std::span<const DesignPoint> points, bool withDetail,
                const Done& done, const KeepGoing& keepGoing) override;

 private:
  Evaluator& inner_;
  EvaluationCache& cache_;
};

}  // namespace wattlas
