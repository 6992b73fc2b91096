// The task graph in closed form: every seat, link direction and memory port serves one task at a
// time, at full rate. No SystemC.
#pragma once

#include "models/task_graph.h"

namespace wattlas {

Schedule listSchedule(const TaskGraph& graph, const Resources& resources);

}  // namespace wattlas
