#include "explorer/point_evaluator.h"

#include "explorer/child_process.h"
#include "explorer/worker_protocol.h"

namespace wattlas {

SimulatingEvaluator::SimulatingEvaluator(const Study& study, const Registry& registry,
                                         const SearchPath& path, SimulatorSource simulator,
                                         std::unique_ptr<AccuracyOracle> accuracy)
    : study_(study),
      maker_(registry, path),
      source_(study_, maker_),
      simulator_(std::move(simulator)),
      accuracy_(std::move(accuracy)) {}

PointOutcome SimulatingEvaluator::outcome(const DesignPoint& point, bool withDetail) {
  return rowOf([&] {
    const Experiment experiment = source_.at(point);
    RunResult result =
        simulate(experiment, cache_, simulator_, withDetail ? Detail::full : Detail::totals);
    // A refused design needs no accuracy: measuring costs more than anything else here.
    if (accuracy_ && result.feasible) result.accuracy = accuracy_->of(experiment);
    if (result.feasible) simulatedS_ += result.timeS;
    return outcomeOf(study_, point, result, withDetail);
  });
}

void SimulatingEvaluator::evaluate(std::span<const DesignPoint> points, bool withDetail,
                                   const Done& done) {
  for (const DesignPoint& point : points) {
    cache_.trim();
    if (simulatedS_ < mostSimulatedS) {
      done(outcome(point, withDetail));
      continue;
    }
    // The clock of SystemC only runs forward: a child takes the point on its own copy of it.
    done(decodeResults(runInChild([&] {
           const PointOutcome one = outcome(point, withDetail);
           return encodeResults({&one, 1});
         })).front());
  }
}

}  // namespace wattlas
