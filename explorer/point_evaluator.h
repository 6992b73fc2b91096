// Evaluates points of one study as a worker process does.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "explorer/evaluator.h"
#include "explorer/experiment_source.h"
#include "models/simulate.h"

namespace wattlas {

/// How a worker evaluates the points of its study.
class PointEvaluator {
 public:
  virtual ~PointEvaluator() = default;
  /// Points will come: what the study names can be read.
  virtual void prepare() {}
  /// Calls `done` once for each point, in order, as soon as it is known.
  using Done = std::function<void(PointOutcome outcome)>;
  virtual void evaluate(std::span<const DesignPoint> points, bool withDetail, const Done& done) = 0;
};

/// Simulates in this process: what points have in common is made once, and one platform model
/// serves all of them. A crash costs the process; whoever started it (worker_pool.h) finds the
/// culprit.
class SimulatingEvaluator : public PointEvaluator {
 public:
  /// Keeps references to study, registry and path. `accuracy` may be null.
  SimulatingEvaluator(const Study& study, const Registry& registry, const SearchPath& path,
                      SimulatorSource simulator, std::unique_ptr<AccuracyOracle> accuracy = {});
  void prepare() override { source_.prepare(); }
  void evaluate(std::span<const DesignPoint> points, bool withDetail, const Done& done) override;

 private:
  // SystemC counts 213 days in picoseconds.
  static constexpr double mostSimulatedS = 50 * 86400.0;
  PointOutcome outcome(const DesignPoint& point, bool withDetail);

  const Study& study_;
  ExperimentMaker maker_;
  ExperimentSource source_;
  SimulatorSource simulator_;
  std::unique_ptr<AccuracyOracle> accuracy_;
  ProfileCache cache_;
  double simulatedS_ = 0;  ///< of all points, at least what the clock of SystemC shows
};

}  // namespace wattlas
