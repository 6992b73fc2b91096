#include "models/list_schedule.h"

#include <queue>

#include "models/dispatcher.h"

namespace wattlas {
namespace {

/// One task after the other: nothing waits for a resource.
Schedule chainSchedule(const TaskGraph& graph, const Resources& resources) {
  Schedule schedule;
  schedule.spans.reserve(graph.tasks.size());
  schedule.seats.resize(resources.seats.size());
  schedule.channels.resize(resources.channels.size());
  Ticks now;
  for (const Task& task : graph.tasks) {
    const Ticks length = times(durationOf(task, resources), task.repeat);
    const auto serve = [&](ResourceUse& use) {
      use.busy += length;
      ++use.served;
      use.longestQueue = 1;
    };
    if (task.kind == Task::Kind::run) serve(schedule.seats[static_cast<std::size_t>(task.seat)]);
    if (task.route >= 0)
      for (const ChannelId c : graph.routes[static_cast<std::size_t>(task.route)]) {
        ResourceUse& use = schedule.channels[static_cast<std::size_t>(c)];
        serve(use);
        schedule.traffic.push_back(
            {c, now, now + length, static_cast<TaskId>(schedule.spans.size()), 1});
        use.moved += task.wire * static_cast<double>(task.repeat);
      }
    schedule.spans.push_back({now, now, now + length});
    now += length;
  }
  schedule.end = now;
  return schedule;
}

}  // namespace

Schedule listSchedule(const TaskGraph& graph, const Resources& resources) {
  if (graph.chain) return chainSchedule(graph, resources);
  Dispatcher dispatcher(graph, resources, true);
  using End = std::pair<std::int64_t, TaskId>;
  std::priority_queue<End, std::vector<End>, std::greater<>> ends;
  Ticks now;
  while (true) {
    for (const TaskId id : dispatcher.start(now)) {
      const Task& task = graph.tasks[static_cast<std::size_t>(id)];
      ends.push({(now + times(durationOf(task, resources), task.repeat)).ps, id});
    }
    if (ends.empty()) return dispatcher.take(now);
    now = Ticks(ends.top().first);
    while (!ends.empty() && ends.top().first == now.ps) {
      const TaskId id = ends.top().second;
      ends.pop();
      dispatcher.finish(id, now);
    }
  }
}

}  // namespace wattlas
