// Whose time it was, statistics and trace of a run, from its schedule. Internal to models/.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/booked.h"
#include "models/live_run.h"
#include "models/result.h"
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

std::vector<ComponentStatistics> statisticsOf(const Resources& resources, const Schedule& schedule,
                                              const LiveTraffic* live = nullptr);

/// Slices of programs on their seats and of transfers on the channels that they kept busy.
std::vector<TraceSlice> traceOf(const TaskGraph& graph, const Resources& resources,
                                const Schedule& schedule,
                                const std::function<std::string(const Task&)>& nameOf);

}  // namespace wattlas
