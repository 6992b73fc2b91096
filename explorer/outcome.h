// What evaluating a point gave, in compact form: one row of an exploration.
#pragma once

#include <optional>
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
/// One line for a row from an exception of makeExperiment: what is wrong, without places.
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

}  // namespace wattlas
