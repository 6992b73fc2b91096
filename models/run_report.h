// Statistics and trace of a run, from its schedule. Internal to models/.
#pragma once

#include <functional>
#include <string>

#include "models/live_run.h"
#include "models/result.h"

namespace wattlas {

std::vector<ComponentStatistics> statisticsOf(const Resources& resources, const Schedule& schedule,
                                              const LiveTraffic* live = nullptr);

/// Slices of programs on their seats and of transfers on the channels that they kept busy.
std::vector<TraceSlice> traceOf(const TaskGraph& graph, const Resources& resources,
                                const Schedule& schedule,
                                const std::function<std::string(const Task&)>& nameOf);

}  // namespace wattlas
