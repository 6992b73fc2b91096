// Who the time of a run belongs to. Internal to models/.
#pragma once

#include <vector>

#include "models/booked.h"
#include "models/task_graph.h"

namespace wattlas {

/// Time attributed to each task: every instant is shared by the programs that run then, or, where
/// none runs, by the transfers under way. What is left of the run belongs to nobody: idle.
std::vector<Ticks> attribute(const TaskGraph& graph, const Schedule& schedule);

/// What belongs to all tasks of an owner.
struct OwnerTime {
  TaskSpan span;
  Ticks runs, moves;  ///< attributed
};
/// By owner.
std::vector<OwnerTime> ownerTimes(const TaskGraph& graph, const Schedule& schedule);
/// A region with the time that is attributed to it instead of the time that it took alone.
BookedRegion attributed(const BookedRegion& region, const OwnerTime& time);

}  // namespace wattlas
