#include "explorer/outcome.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>

#include "explorer/child_process.h"
#include "models/base/plain_text.h"
#include "models/metric.h"
#include "models/records.h"

namespace wattlas {
namespace {

void findTopBound(const RunResult& result, PointOutcome& outcome) {
  double total = 0;
  for (const double seconds : result.attributedS) total += seconds;
  if (total <= 0) return;
  // Of equal ones the first by name, so that the order of the enumeration does not show.
  const auto shareOf = [&](int cause) {
    return result.attributedS[static_cast<std::size_t>(cause)] / total;
  };
  int top = -1;
  for (int c = 0; c < static_cast<int>(BottleneckCategory::unknown); ++c) {
    if (shareOf(c) <= 0) continue;
    const bool higher = top < 0 || shareOf(c) > shareOf(top);
    const bool equal = top >= 0 && shareOf(c) == shareOf(top);
    if (higher || (equal && std::strcmp(nameOf(static_cast<BottleneckCategory>(c)),
                                        nameOf(static_cast<BottleneckCategory>(top))) < 0))
      top = c;
  }
  if (top < 0) return;
  outcome.topBound = nameOf(static_cast<BottleneckCategory>(top));
  outcome.topBoundShare = rounded(shareOf(top));
}

}  // namespace

PointOutcome outcomeWithout(PointStatus status, std::string reason) {
  PointOutcome outcome;
  outcome.status = status;
  outcome.reason = std::move(reason);
  return outcome;
}

std::string textOf(const InputError& error) {
  std::string out;
  for (const Problem& problem : error.problems()) {
    Problem bare = problem;
    bare.place = {};
    out += (out.empty() ? "" : "; ") + bare.text();
  }
  return out;
}

std::string reasonOf(const InputError& error) {
  return "not a valid configuration: " + plainText(textOf(error), 2000);
}

PointOutcome outcomeOf(const Study& study, const DesignPoint& design, const RunResult& result,
                       bool withDetail) {
  PointOutcome outcome;
  outcome.status = result.feasible ? PointStatus::done : PointStatus::infeasible;
  for (const std::string& reason : result.reasons)
    if (!result.feasible) outcome.reason += (outcome.reason.empty() ? "" : "; ") + reason;
  if (!result.feasible && outcome.reason.empty()) outcome.reason = "refused without a reason";
  outcome.metrics.reserve(study.metrics.size());
  for (const int metric : study.metrics) outcome.metrics.push_back(metricOf(result, metric));
  outcome.configHash = result.configHash;
  outcome.format = result.format;
  outcome.fidelity = fidelityText(result);
  outcome.accuracyKind = result.accuracy.kind;
  if (withDetail) outcome.detail = toJson(result, false, -1);
  if (!result.feasible) return outcome;
  findTopBound(result, outcome);
  const PointValues values(study, design);
  for (const Constraint& constraint : study.constraints) {
    const Value v = constraint.expression.evaluate([&](int slot) {
      return slot < study.slots.firstMetric() ? values.at(slot)
                                              : slotValue(study, design, outcome, slot);
    });
    const auto violated = violation(constraint, v);
    if (!violated) continue;
    outcome.status = PointStatus::infeasible;
    outcome.reason += (outcome.reason.empty() ? "" : "; ") + *violated;
  }
  return outcome;
}

double metricOf(const Study& study, const PointOutcome& outcome, int metric) {
  const int i = study.metricIndex(metric);
  return i < 0 || outcome.metrics.empty() ? std::numeric_limits<double>::quiet_NaN()
                                          : outcome.metrics[static_cast<std::size_t>(i)];
}

Value slotValue(const Study& study, const DesignPoint& design, const PointOutcome& outcome,
                int slot) {
  if (slot < study.slots.firstMetric()) return slotValue(study, design, slot);
  const int metric = slot - study.slots.firstMetric();
  const double v = metricOf(study, outcome, metric);
  if (std::isnan(v)) return {};
  if (std::isinf(v)) return {Value::Kind::undefined, 0, false, {}};
  return metric == metricFits ? Value::ofBoolean(v != 0.0) : Value::ofNumber(v);
}

double objectiveOf(const Study& study, const ExploredPoint& point, std::size_t o) {
  const Objective& objective = study.objectives[o];
  const Value v = objective.expression.evaluate(
      [&](int slot) { return slotValue(study, point.design, point.outcome, slot); });
  if (!v.hasNumber()) return std::numeric_limits<double>::quiet_NaN();
  const double value = rounded(v.number);
  return objective.maximise ? -value : value;
}

PointOutcome rowOf(const std::function<PointOutcome()>& make) {
  try {
    return make();
  } catch (const InputError& error) {
    return outcomeWithout(PointStatus::infeasible, reasonOf(error));
  } catch (const std::bad_alloc&) {
    return outcomeWithout(PointStatus::failed, "failed: out of memory");
  } catch (const std::exception& error) {
    return outcomeWithout(PointStatus::failed, std::string("failed: ") + error.what());
  }
}

PointOutcome evaluatePoint(const Study& study, const DesignPoint& point,
                           const EvaluateFunction& evaluate, bool withDetail) {
  return rowOf([&] { return outcomeOf(study, point, evaluate(specOf(study, point)), withDetail); });
}

}  // namespace wattlas
