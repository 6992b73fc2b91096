// Who evaluates points: in this process, or worker processes (worker_pool.h).
#pragma once

#include <functional>
#include <span>

#include "explorer/outcome.h"

namespace wattlas {

/// Runs one experiment; the command line gives makeExperiment + simulate. May throw InputError (an
/// impossible combination of settings), ChildFailure, or anything that is our bug.
using EvaluateFunction = std::function<RunResult(const ExperimentSpec&)>;

/// Turns every std::exception of `make` into a row.
PointOutcome rowOf(const std::function<PointOutcome()>& make);
/// Evaluates one point and turns every exception into a row.
PointOutcome evaluatePoint(const Study& study, const DesignPoint& point,
                           const EvaluateFunction& evaluate, bool withDetail);

class Evaluator {
 public:
  virtual ~Evaluator() = default;
  /// Tells that `evaluate` comes soon for this study: what takes time and needs no points can
  /// begin.
  virtual void prepare(const Study& study, bool withDetail) { (void)study, (void)withDetail; }
  /// Called once for each point, in any order, on the calling thread.
  using Done = std::function<void(std::size_t index, PointOutcome outcome)>;
  /// Asked now and then; false asks to stop early.
  using KeepGoing = std::function<bool()>;
  /// Evaluates all points. Returns false when it stopped early.
  virtual bool evaluate(const Study& study, std::span<const DesignPoint> points, bool withDetail,
                        const Done& done, const KeepGoing& keepGoing) = 0;
};

}  // namespace wattlas
