#include "cli/evaluate.h"

#include "explorer/child_process.h"
#include "models/sim/engine.h"

namespace wattlas {

RunResult evaluateHere(const ExperimentSpec& spec, const Context& context) {
  const Experiment experiment = makeExperiment(spec, context.registry, context.path);
  ProfileCache cache;
  return simulate(experiment, cache, makeEventEngine);
}

std::vector<RunResult> evaluateEach(const std::vector<ExperimentSpec>& specs,
                                    const Context& context) {
  std::vector<RunResult> results;
  ProfileCache cache;
  for (const ExperimentSpec& spec : specs) {
    // Read and check here, so that bad input is reported by this process.
    const Experiment experiment = makeExperiment(spec, context.registry, context.path);
    if (!needsEngine(experiment)) {
      results.push_back(simulate(experiment, cache, {}));
      continue;
    }
    results.push_back(resultFromJson(runInChild([&] {
      ProfileCache own;
      return toJson(simulate(experiment, own, makeEventEngine), true, -1);
    })));
  }
  return results;
}

}  // namespace wattlas
