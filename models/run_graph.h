// The tasks of a run on the resources of its platform. Internal to models/.
#pragma once

#include "models/costing.h"
#include "models/task_graph.h"

namespace wattlas {

/// Seat 0: the device, seat 1: the host; both directions of the link between them.
Resources resourcesOf(const Platform& platform);

/// Everything one after the other. `Task::owner` counts loads, then regions, in their order.
TaskGraph sequentialGraph(const CostedRun& run, const Platform& platform);

}  // namespace wattlas
