#include "explorer/evaluator.h"

#include <new>

#include "explorer/child_process.h"

namespace wattlas {

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
