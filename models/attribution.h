// Who the time of a run belongs to. Internal to models/.
#pragma once

#include <vector>

#include "models/task_graph.h"

namespace wattlas {

/// Time attributed to each task: every instant is shared by the programs that run then, or, where
/// none runs, by the transfers under way. What is left of the run belongs to nobody: idle.
std::vector<Ticks> attribute(const TaskGraph& graph, const Schedule& schedule);

}  // namespace wattlas
