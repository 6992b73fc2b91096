// Experiment -> RunResult. `infeasible` is a result; a throw is bad input or our bug.
#pragma once

#include <functional>

#include "models/experiment.h"
#include "models/profile_cache.h"
#include "models/task_graph.h"

namespace wattlas {

/// The simulator of this process (models/sim/platform_model.h has it); asked for above `analytic`.
using SimulatorSource = std::function<PlatformSimulator&()>;

/// Runs the experiment. `simulator` may be empty when only analytic components are used.
RunResult simulate(const Experiment& experiment, ProfileCache& cache,
                   const SimulatorSource& simulator, Detail detail = Detail::full);

}  // namespace wattlas
