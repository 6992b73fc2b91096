#include "models/run_report.h"

namespace wattlas {

std::vector<ComponentStatistics> statisticsOf(const Resources& resources, const Schedule& schedule,
                                              const LiveTraffic* live) {
  std::vector<ComponentStatistics> all;
  const double total = toSeconds(schedule.end).value;
  const auto add = [&](const std::string& name, const ResourceUse& use) {
    ComponentStatistics s;
    s.component = name;
    s.busyS = toSeconds(use.busy).value;
    s.utilisation = total > 0 ? s.busyS / total : 0.0;
    s.waitS = toSeconds(use.waited).value;
    s.served = use.served;
    s.queueMax = use.longestQueue;
    s.bytes = toBytes(use.moved);
    all.push_back(std::move(s));
  };
  for (std::size_t i = 0; i < resources.seats.size(); ++i)
    add(resources.seats[i].name, schedule.seats[i]);
  if (live != nullptr)
    for (std::size_t i = 0; i < live->uses.size(); ++i)
      if (live->memories[i]) add(resources.seats[i].name + " memory", live->uses[i]);
  for (std::size_t i = 0; i < resources.channels.size(); ++i)
    add(resources.channels[i].name, schedule.channels[i]);
  return all;
}

std::vector<TraceSlice> traceOf(const TaskGraph& graph, const Resources& resources,
                                const Schedule& schedule,
                                const std::function<std::string(const Task&)>& nameOf) {
  std::vector<TraceSlice> slices;
  std::vector<std::vector<std::int64_t>> before(graph.tasks.size());
  for (const auto& [from, to] : graph.edges) before[static_cast<std::size_t>(to)].push_back(from);
  const auto add = [&](const std::string& track, TaskId task, Ticks start, Ticks end) {
    TraceSlice slice;
    slice.track = track;
    slice.name = nameOf(graph.tasks[static_cast<std::size_t>(task)]);
    slice.startS = toSeconds(start).value;
    slice.durationS = toSeconds(end - start).value;
    slice.task = task;
    slice.after = before[static_cast<std::size_t>(task)];
    if (graph.chain && task > 0) slice.after.push_back(task - 1);
    slices.push_back(std::move(slice));
  };
  for (std::size_t i = 0; i < graph.tasks.size(); ++i) {
    const Task& task = graph.tasks[i];
    if (task.kind == Task::Kind::run)
      add(resources.seats[static_cast<std::size_t>(task.seat)].name, static_cast<TaskId>(i),
          schedule.spans[i].start, schedule.spans[i].end);
  }
  for (const ChannelSlice& busy : schedule.traffic) {
    if (busy.first < 0) continue;  // of an outside program
    add(resources.channels[static_cast<std::size_t>(busy.channel)].name, busy.first, busy.start,
        busy.end);
    if (busy.transfers > 1)
      slices.back().name += " and " + std::to_string(busy.transfers - 1) + " more";
  }
  return slices;
}

}  // namespace wattlas
