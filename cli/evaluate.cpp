#include "cli/evaluate.h"

#include <spdlog/spdlog.h>

#include "explorer/child_process.h"
#include "models/sim/platform_model.h"

namespace wattlas {

RunResult evaluateHere(const ExperimentSpec& spec, const Context& context) {
  const Experiment experiment = makeExperiment(spec, context.registry, context.path);
  ProfileCache cache;
  return simulate(experiment, cache, platformSimulator);
}

std::vector<RunResult> evaluateEach(const std::vector<ExperimentSpec>& specs,
                                    const Context& context) {
  std::vector<RunResult> results;
  ProfileCache cache;
  for (const ExperimentSpec& spec : specs) {
    const Experiment experiment = makeExperiment(spec, context.registry, context.path);
    results.push_back(simulate(experiment, cache, platformSimulator));
  }
  return results;
}

std::vector<std::optional<RunResult>> evaluateAccepted(const std::vector<ExperimentSpec>& specs,
                                                       const Context& context,
                                                       const std::function<bool()>& goesOn) {
  std::vector<std::optional<RunResult>> results;
  for (const ExperimentSpec& spec : specs) {
    if (goesOn && !goesOn()) break;
    try {
      results.emplace_back(std::move(evaluateEach({spec}, context).front()));
    } catch (const InputError&) {
      results.emplace_back();
    }
  }
  return results;
}

ProbeContext probeContext(const Context& context) {
  return {context.registry, context.path, [](const auto& work) { return runInChild(work); },
          context.executable};
}

void printNotes(const RunResult& result) {
  for (const std::string& note : result.notes) spdlog::info("{}: {}", result.workload, note);
}

}  // namespace wattlas
