// The tasks of a run on the resources of its platform. Internal to models/.
#pragma once

#include "models/costing.h"
#include "models/task_graph.h"

namespace wattlas {

/// `Task::owner` counts loads, then regions, in their order. One after the other, or overlapped as
/// the mapping of the platform says: a region then waits for what it reads, and its weights, where
/// they are streamed, for the region that had the other buffer.
/// `copies`: what each task was planned as, where it is a copy.
TaskGraph runGraph(const CostedRun& run, const CopyRoutes& routes, const Experiment& experiment,
                   std::vector<const PlannedCopy*>* copies = nullptr);

/// Tasks of all micro-batches and steps; `Task::owner` counts loads, then regions, in their order.
/// A micro-batch begins a step when its last step has left the last stage. Throws InputError for
/// what does not run on the stages.
TaskGraph pipelineGraph(const CostedRun& run, const CopyRoutes& routes,
                        const Experiment& experiment);

}  // namespace wattlas
