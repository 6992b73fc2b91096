// Evaluates points one after the other in this process.
#pragma once

#include "explorer/point_evaluator.h"

namespace wattlas {

class InProcessEvaluator : public Evaluator {
 public:
  explicit InProcessEvaluator(EvaluateFunction function) : function_(std::move(function)) {}
  bool evaluate(const Study& study, std::span<const DesignPoint> points, bool withDetail,
                const Done& done, const KeepGoing& keepGoing) override {
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (!keepGoing()) return false;
      done(i, evaluatePoint(study, points[i], function_, withDetail));
    }
    return true;
  }

 private:
  EvaluateFunction function_;
};

/// The same as a worker's own.
class SimpleEvaluator : public PointEvaluator {
 public:
  SimpleEvaluator(const Study& study, EvaluateFunction function)
      : study_(study), function_(std::move(function)) {}
  void evaluate(std::span<const DesignPoint> points, bool withDetail, const Done& done) override {
    for (const DesignPoint& point : points)
      done(evaluatePoint(study_, point, function_, withDetail));
  }

 private:
  const Study& study_;
  EvaluateFunction function_;
};

}  // namespace wattlas
