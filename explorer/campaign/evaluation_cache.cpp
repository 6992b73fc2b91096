#include "explorer/campaign/evaluation_cache.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "explorer/campaign/campaign_plan.h"

namespace wattlas {
namespace fs = std::filesystem;
namespace {

constexpr double cacheSyncSeconds = 5;

/// One folder a build: old rows are deleted by deleting folders.
std::string folderFor(const std::string& root, const std::string& build) {
  return root.empty() ? root : root + "/" + build;
}

}  // namespace

EvaluationCache::EvaluationCache(CacheOptions options)
    : options_(std::move(options)),
      local_(folderFor(options_.folder, options_.build)),
      known_(local_),
      base_(folderFor(options_.base, options_.build)) {
  std::error_code failed;
  fs::create_directories(local_, failed);
  if (failed || ::access(local_.c_str(), W_OK) != 0)
    throw InputError(Problem{
        {"--cache", 0},
        "",
        options_.folder + " cannot be used: " + (failed ? failed.message() : "not writable"),
        "a folder that you may write to, best on a disk of this machine",
        "give shared rows with --cache-base, which is only read"});
  if (!options_.base.empty() && !fs::is_directory(options_.base, failed))
    throw InputError(Problem{{"--cache-base", 0},
                             "",
                             options_.base + " is not a folder",
                             "a folder that was filled by --cache",
                             ""});
  known_.refresh();
  if (!options_.base.empty()) base_.refresh();
}

EvaluationCache::~EvaluationCache() = default;

std::optional<Hash128> EvaluationCache::keyOf(const Study& study, const DesignPoint& point,
                                              const Hash128& evaluation) const {
  try {
    return Hasher().add(evaluation).text(options_.configHash(specOf(study, point))).finish();
  } catch (const InputError&) {
    return std::nullopt;
  }
}

std::optional<PointOutcome> EvaluationCache::find(const Hash128& key) const {
  for (const JournalSet* set : {&known_, &base_})
    if (set->settled(key)) {
      try {
        PointOutcome row = set->outcome(key);
        ++hits_;
        return row;
      } catch (const std::exception&) {
        // The file was removed or damaged since it was listed: evaluate again.
      }
    }
  ++misses_;
  return std::nullopt;
}

void EvaluationCache::create() {
  std::random_device random;
  writer_ = std::make_unique<JournalWriter>(
      fmt::format("{}/{}-{:08x}{:08x}.journal", local_, ::getpid(), random(), random()),
      cacheSyncSeconds);
}

void EvaluationCache::keep(const Hash128& key, const PointOutcome& outcome) {
  if (outcome.status == PointStatus::failed || !trouble_.empty()) return;
  try {
    if (!writer_) create();
    writer_->append(rowPayload(RecordKind::row, key, outcome));
  } catch (const JournalFailure& failure) {
    trouble_ = failure.what();
  }
}

void EvaluationCache::flush() {
  if (!writer_ || !trouble_.empty()) return;
  try {
    writer_->flush();
  } catch (const JournalFailure& failure) {
    trouble_ = failure.what();
  }
}

bool CachedEvaluator::evaluate(const Study& study, std::span<const DesignPoint> points,
                               bool withDetail, const Done& done, const KeepGoing& keepGoing) {
  const PointIds ids(study);
  const EvaluationKeys keys(study, withDetail, cache_.build());
  std::vector<DesignPoint> open;
  std::vector<std::size_t> index;
  std::vector<std::optional<Hash128>> kept;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (i % 64 == 0 && !keepGoing()) return false;
    auto key = cache_.keyOf(study, points[i], keys.of(ids.of(points[i])));
    if (key)
      if (auto row = cache_.find(*key)) {
        done(i, std::move(*row));
        continue;
      }
    open.push_back(points[i]);
    index.push_back(i);
    kept.push_back(key);
  }
  const bool complete = inner_.evaluate(
      study, open, withDetail,
      [&](std::size_t i, PointOutcome outcome) {
        if (kept[i]) cache_.keep(*kept[i], outcome);
        done(index[i], std::move(outcome));
      },
      [&] {
        cache_.flush();
        return keepGoing();
      });
  cache_.flush();
  return complete;
}

}  // namespace wattlas
