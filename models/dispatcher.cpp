#include "models/dispatcher.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <stdexcept>

#include "models/base/error.h"

namespace wattlas {

Sharing parseSharing(const std::string& name) {
  if (name == "fair") return Sharing::fair;
  if (name == "fifo") return Sharing::fifo;
  if (name == "priority") return Sharing::priority;
  if (name == "exclusive") return Sharing::exclusive;
  if (name == "dedicated") return Sharing::dedicated;
  throw InputError("'" + name + "' is not a way to share a link",
                   "fair, fifo, priority, exclusive or dedicated");
}

Ticks durationOf(const Task& task, const Resources& resources) {
  if (task.kind != Task::Kind::run) return task.alone;
  const std::int32_t domain = resources.seats[static_cast<std::size_t>(task.seat)].domain;
  if (domain < 0) return task.alone;
  const double allowed = resources.power[static_cast<std::size_t>(domain)];
  if (task.watts <= allowed) return task.alone;
  return Ticks(static_cast<std::int64_t>(
      std::ceil(static_cast<double>(task.alone.ps) * task.watts / allowed)));
}

bool Dispatcher::Before::operator()(TaskId a, TaskId b) const {
  const std::uint8_t first = (*tasks)[static_cast<std::size_t>(a)].priority,
                     second = (*tasks)[static_cast<std::size_t>(b)].priority;
  return first != second ? first > second : a < b;
}

Dispatcher::Dispatcher(const TaskGraph& graph, const Resources& resources, bool channelsServeOne)
    : graph_(graph),
      resources_(resources),
      channelsServeOne_(channelsServeOne),
      taken_(resources.channels.size(), 0),
      moves_(Before{&graph.tasks}) {
  const std::size_t n = graph.tasks.size();
  left_.assign(n, 0);
  firstAfter_.assign(n + 1, 0);
  if (graph.chain) {
    for (std::size_t i = 1; i < n; ++i) left_[i] = 1;
  } else {
    for (const auto& [before, after] : graph.edges) {
      ++left_[static_cast<std::size_t>(after)];
      ++firstAfter_[static_cast<std::size_t>(before) + 1];
    }
    for (std::size_t i = 0; i < n; ++i) firstAfter_[i + 1] += firstAfter_[i];
    after_.resize(graph.edges.size());
    std::vector<std::int32_t> next(firstAfter_.begin(), firstAfter_.end() - 1);
    for (const auto& [before, after] : graph.edges)
      after_[static_cast<std::size_t>(next[static_cast<std::size_t>(before)]++)] = after;
  }
  for (const Seat& seat : resources.seats)
    seats_.push_back({seat.slots, {}, Queue(Before{&graph.tasks})});
  schedule_.spans.resize(n);
  schedule_.seats.resize(resources.seats.size());
  schedule_.channels.resize(resources.channels.size());
  std::vector<TaskId> first;
  for (std::size_t i = 0; i < n; ++i)
    if (left_[i] == 0) first.push_back(static_cast<TaskId>(i));
  for (const TaskId id : first) release(id, Ticks(0));
}

void Dispatcher::release(TaskId id, Ticks now) {
  const Task& task = graph_.tasks[static_cast<std::size_t>(id)];
  TaskSpan& span = schedule_.spans[static_cast<std::size_t>(id)];
  span.ready = now;
  if (task.kind == Task::Kind::sync) {
    span.start = now;
    finish(id, now);
  } else if (task.kind == Task::Kind::move) {
    moves_.insert(id);
    movesTouched_ = true;
  } else {
    auto& waiting = seats_[static_cast<std::size_t>(task.seat)].waiting;
    waiting.insert(id);
    touched_.push_back(task.seat);
    auto& longest = schedule_.seats[static_cast<std::size_t>(task.seat)].longestQueue;
    longest = std::max(longest, static_cast<std::int64_t>(waiting.size()));
  }
}

void Dispatcher::takeSeat(SeatId id, std::int64_t slots, Ticks now) {
  SeatState& seat = seats_[static_cast<std::size_t>(id)];
  if (seat.free == resources_.seats[static_cast<std::size_t>(id)].slots) seat.since = now;
  seat.free -= slots;
}

void Dispatcher::leaveSeat(SeatId id, std::int64_t slots, Ticks now) {
  SeatState& seat = seats_[static_cast<std::size_t>(id)];
  seat.free += slots;
  if (seat.free == resources_.seats[static_cast<std::size_t>(id)].slots)
    schedule_.seats[static_cast<std::size_t>(id)].busy += now - seat.since;
  touched_.push_back(id);
  movesTouched_ = true;
}

bool Dispatcher::canMove(const Task& task) const {
  for (const SeatId seat : {task.closedFrom, task.closedTo})
    if (seat >= 0 && seats_[static_cast<std::size_t>(seat)].free !=
                         resources_.seats[static_cast<std::size_t>(seat)].slots)
      return false;
  if (channelsServeOne_ && task.route >= 0)
    for (const ChannelId c : graph_.routes[static_cast<std::size_t>(task.route)])
      if (taken_[static_cast<std::size_t>(c)] != 0) return false;
  return true;
}

void Dispatcher::begin(TaskId id, Ticks now) {
  const Task& task = graph_.tasks[static_cast<std::size_t>(id)];
  TaskSpan& span = schedule_.spans[static_cast<std::size_t>(id)];
  span.start = now;
  if (task.kind == Task::Kind::run) {
    takeSeat(task.seat, 1, now);
    ResourceUse& use = schedule_.seats[static_cast<std::size_t>(task.seat)];
    use.waited += now - span.ready;
    ++use.served;
  } else {
    for (const SeatId seat : {task.closedFrom, task.closedTo})
      if (seat >= 0) takeSeat(seat, resources_.seats[static_cast<std::size_t>(seat)].slots, now);
    if (channelsServeOne_ && task.route >= 0)
      for (const ChannelId c : graph_.routes[static_cast<std::size_t>(task.route)]) {
        taken_[static_cast<std::size_t>(c)] =
            resources_.channels[static_cast<std::size_t>(c)].sharing == Sharing::dedicated ? 0 : 1;
        ResourceUse& use = schedule_.channels[static_cast<std::size_t>(c)];
        use.waited += now - span.ready;
        ++use.served;
      }
  }
  started_.push_back(id);
}

void Dispatcher::finish(TaskId id, Ticks now) {
  const Task& task = graph_.tasks[static_cast<std::size_t>(id)];
  TaskSpan& span = schedule_.spans[static_cast<std::size_t>(id)];
  span.end = now;
  ++ended_;
  if (task.kind == Task::Kind::run) {
    leaveSeat(task.seat, 1, now);
  } else if (task.kind == Task::Kind::move) {
    for (const SeatId seat : {task.closedFrom, task.closedTo})
      if (seat >= 0) leaveSeat(seat, resources_.seats[static_cast<std::size_t>(seat)].slots, now);
    if (channelsServeOne_ && task.route >= 0)
      for (const ChannelId c : graph_.routes[static_cast<std::size_t>(task.route)]) {
        taken_[static_cast<std::size_t>(c)] = 0;
        ResourceUse& use = schedule_.channels[static_cast<std::size_t>(c)];
        use.busy += now - span.start;
        schedule_.traffic.push_back({c, span.start, now, id, 1});
        use.moved += task.wire * static_cast<double>(task.repeat);
      }
    movesTouched_ = true;
  }
  if (graph_.chain) {
    const auto next = static_cast<std::size_t>(id) + 1;
    if (next < left_.size() && --left_[next] == 0) release(static_cast<TaskId>(next), now);
    return;
  }
  for (auto i = firstAfter_[static_cast<std::size_t>(id)];
       i < firstAfter_[static_cast<std::size_t>(id) + 1]; ++i) {
    const TaskId next = after_[static_cast<std::size_t>(i)];
    if (--left_[static_cast<std::size_t>(next)] == 0) release(next, now);
  }
}

const std::vector<TaskId>& Dispatcher::start(Ticks now) {
  started_.clear();
  // Copies to closed memories first: a device that always has work would never let them in.
  if (movesTouched_)
    for (auto at = moves_.begin(); at != moves_.end();) {
      const TaskId id = *at;
      if (canMove(graph_.tasks[static_cast<std::size_t>(id)])) {
        at = moves_.erase(at);
        begin(id, now);
      } else {
        ++at;
      }
    }
  movesTouched_ = false;
  for (const SeatId id : touched_) {
    SeatState& seat = seats_[static_cast<std::size_t>(id)];
    while (seat.free > 0 && !seat.waiting.empty()) {
      const TaskId task = *seat.waiting.begin();
      seat.waiting.erase(seat.waiting.begin());
      begin(task, now);
    }
  }
  touched_.clear();
  return started_;
}

Schedule Dispatcher::take(Ticks now) {
  if (ended_ != graph_.tasks.size())
    throw std::logic_error("tasks of a graph wait for each other or for a seat that never rests");
  schedule_.end = now;
  return std::move(schedule_);
}

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
