// Evaluates points of one study as a worker process does: closed forms here, event simulations in
// forked children that bring their profiles back.
#pragma once

#include <functional>
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

/// One experiment after the other through a function; for functions that need nothing more.
class SimpleEvaluator : public PointEvaluator {
 public:
  SimpleEvaluator(const Study& study, EvaluateFunction function)
      : study_(study), function_(std::move(function)) {}
  void evaluate(std::span<const DesignPoint> points, bool withDetail, const Done& done) override;

 private:
  const Study& study_;
  EvaluateFunction function_;
};

/// Points whose programs are all known need no engine. Others are simulated in a child, together
/// with the following points on the same platform: SystemC elaborates once for all of them.
/// A child that breaks down is repeated point by point, so that only the culprit fails.
class SimulatingEvaluator : public PointEvaluator {
 public:
  /// Keeps references to study, registry and path.
  SimulatingEvaluator(const Study& study, const Registry& registry, const SearchPath& path,
                      EngineFactory makeEngine);
  void prepare() override { source_.prepare(); }
  void evaluate(std::span<const DesignPoint> points, bool withDetail, const Done& done) override;

 private:
  std::vector<PointOutcome> inChild(std::span<const DesignPoint> points, bool withDetail);
  std::size_t samePlatform(std::span<const DesignPoint> points, const Experiment& first);

  const Study& study_;
  ExperimentMaker maker_;
  ExperimentSource source_;
  EngineFactory makeEngine_;
  ProfileCache cache_;
  double secondsPerPoint_ = 1;  ///< of the last child: how many points the next one gets
};

}  // namespace wattlas
