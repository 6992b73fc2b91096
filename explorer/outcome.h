// What evaluating a point gave, in compact form: one row of an exploration.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "explorer/space.h"
#include "models/result.h"

namespace wattlas {

/// done: simulated and feasible. infeasible: an answer, with the reason (refusal, invalid
/// combination, constraint). failed: no answer (crash, timeout, out of memory, our bug).
enum class PointStatus : std::uint8_t { done, infeasible, failed };

struct PointOutcome {
  PointStatus status = PointStatus::failed;
  std::string reason;           ///< empty when done
  std::vector<double> metrics;  ///< study.metrics in order, NaN = unknown; kept when a constraint
                                ///< is violated, empty when there is no result
  std::string configHash, format, fidelity;  ///< fidelity used: "event" or "event+analytic"
  std::string accuracyKind = "none";
  std::string topBound;      ///< what limits most of the time: compute, memory, ...
  double topBoundShare = 0;  ///< its share of attributed time, 0..1
  std::string detail;        ///< whole RunResult as JSON when it was asked for
  bool operator==(const PointOutcome&) const = default;
};

/// A row.
struct ExploredPoint {
  Hash128 id;
  DesignPoint design;
  PointOutcome outcome;
  bool pareto = false;

  bool feasible() const { return outcome.status == PointStatus::done; }
};

/// Makes the row of a result: metrics, constraints, summary of bounds.
PointOutcome outcomeOf(const Study& study, const DesignPoint& design, const RunResult& result,
                       bool withDetail);
/// Row of a point that cannot be built or broke down.
PointOutcome outcomeWithout(PointStatus status, std::string reason);
/// What is wrong, in one line and without places.
std::string textOf(const InputError& error);
/// The same for a row from an exception of makeExperiment.
std::string reasonOf(const InputError& error);

/// Value of any expression slot, metrics included.
Value slotValue(const Study& study, const DesignPoint& design, const PointOutcome& outcome,
                int slot);
/// Value of objective `o`, negated when maximised; NaN when unknown.
double objectiveOf(const Study& study, const ExploredPoint& point, std::size_t o);
/// Whether two numbers say the same; NaN, which is "unknown", equals itself.
inline bool sameNumber(double a, double b) {
  return a == b || (a != a && b != b);
}
/// A metric of a row; NaN when unknown.
double metricOf(const Study& study, const PointOutcome& outcome, int metric);

// Who evaluates points: in this process, or worker processes (worker_pool.h).

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
