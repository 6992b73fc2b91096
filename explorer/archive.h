// All rows of an exploration so far, each design once.
#pragma once

#include <chrono>
#include <deque>
#include <unordered_map>
#include <vector>

#include "explorer/explore.h"

namespace wattlas {

/// Counts rows and tells the listener at a calm pace.
class ProgressMeter {
 public:
  ProgressMeter(Progress* listener, std::size_t total) : listener_(listener) {
    state_.total = total;
  }
  void count(const PointOutcome& outcome);
  void tell(bool last);
  double seconds() const;
  /// The plan turned out shorter (a search that found nothing new).
  void finishAt(std::size_t total) { state_.total = total; }
  std::size_t done() const { return state_.done; }

 private:
  Progress* listener_;
  ProgressState state_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double told_ = -1;
};

class Archive {
 public:
  Archive(const Study& study, const ExploreOptions& options, Evaluator& evaluator,
          ProgressMeter& meter, std::size_t planned);

  /// Evaluates the points that have no row yet; what the design parameters alone rule out is never
  /// simulated. False when it was interrupted: some points then have no row.
  bool evaluate(const std::vector<DesignPoint>& points);
  /// Row of a design, or null.
  const ExploredPoint* find(const Hash128& id) const;
  std::deque<ExploredPoint>& points() { return points_; }
  const Study& study() const { return study_; }

 private:
  /// Takes rows from `first` on without an outcome out again.
  void dropUnanswered(std::size_t first, const std::vector<char>& answered);

  const Study& study_;
  const ExploreOptions& options_;
  Evaluator& evaluator_;
  ProgressMeter& meter_;
  bool withDetail_;
  std::deque<ExploredPoint> points_;
  std::unordered_map<Hash128, std::size_t, Hash128Hasher> index_;
};

}  // namespace wattlas
