// A network whose layers lie on stages one behind the other, and whose batch passes them in parts.
// Internal to models/.
#pragma once

#include "models/costing.h"
#include "models/task_graph.h"

namespace wattlas {

/// Tasks of all micro-batches and steps; `Task::owner` counts loads, then regions, in their order.
/// A micro-batch begins a step when its last step has left the last stage. Throws InputError for
/// what does not run on the stages.
TaskGraph pipelineGraph(const CostedRun& run, const CopyRoutes& routes,
                        const Experiment& experiment);

}  // namespace wattlas
