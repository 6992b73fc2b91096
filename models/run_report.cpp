#include "models/run_report.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace wattlas {

std::vector<Ticks> attribute(const TaskGraph& graph, const Schedule& schedule) {
  std::vector<Ticks> shares(graph.tasks.size());
  if (graph.chain) {
    for (std::size_t i = 0; i < shares.size(); ++i)
      shares[i] = schedule.spans[i].end - schedule.spans[i].start;
    return shares;
  }
  struct Border {
    Ticks at;
    TaskId task;
    bool begins;
  };
  std::vector<Border> borders;
  for (std::size_t i = 0; i < graph.tasks.size(); ++i) {
    const TaskSpan& span = schedule.spans[i];
    if (span.end <= span.start) continue;
    borders.push_back({span.start, static_cast<TaskId>(i), true});
    borders.push_back({span.end, static_cast<TaskId>(i), false});
  }
  std::sort(borders.begin(), borders.end(), [](const Border& a, const Border& b) {
    return a.at != b.at ? a.at < b.at : a.task < b.task;
  });
  std::set<TaskId> runs, moves;
  Ticks last;
  for (const Border& border : borders) {
    const auto& active = !runs.empty() ? runs : moves;
    const Ticks passed = border.at - last;
    if (passed.ps > 0 && !active.empty()) {
      const auto n = static_cast<std::int64_t>(active.size());
      std::int64_t rest = passed.ps % n;  // the first ones take what does not divide
      for (const TaskId task : active)
        shares[static_cast<std::size_t>(task)] += Ticks(passed.ps / n + (rest-- > 0 ? 1 : 0));
    }
    last = border.at;
    const bool runsNow = graph.tasks[static_cast<std::size_t>(border.task)].kind == Task::Kind::run;
    auto& set = runsNow ? runs : moves;
    if (border.begins)
      set.insert(border.task);
    else
      set.erase(border.task);
  }
  return shares;
}

std::vector<OwnerTime> ownerTimes(const TaskGraph& graph, const Schedule& schedule) {
  const std::vector<Ticks> shares = attribute(graph, schedule);
  std::vector<OwnerTime> owners;
  for (std::size_t t = 0; t < graph.tasks.size(); ++t) {
    const Task& task = graph.tasks[t];
    const TaskSpan& span = schedule.spans[t];
    const auto owner = static_cast<std::size_t>(task.owner);
    if (owners.size() <= owner) owners.resize(owner + 1, {{Ticks(-1), Ticks(-1), {}}, {}, {}});
    if (task.kind == Task::Kind::sync) continue;
    OwnerTime& time = owners[owner];
    const bool first = time.span.start.ps < 0;
    time.span.start = first ? span.start : std::min(time.span.start, span.start);
    time.span.end = std::max(time.span.end, span.end);
    (task.kind == Task::Kind::run ? time.runs : time.moves) += shares[t];
  }
  for (OwnerTime& time : owners) time.span.start = std::max(time.span.start, Ticks(0));
  return owners;
}

BookedRegion attributed(const BookedRegion& region, const OwnerTime& time) {
  BookedRegion out = region;
  const bool programs = !region.runs.empty();
  const Ticks mine = programs ? time.runs : time.runs + time.moves;
  if (programs) out.transfer = time.moves;
  Ticks all, given;
  for (const BookedShare& share : region.shares) all += share.attributed;
  for (std::size_t i = 0; i < out.shares.size(); ++i) {
    BookedShare& share = out.shares[i];
    const double part =
        all.ps > 0 ? static_cast<double>(mine.ps) / static_cast<double>(all.ps) : 0.0;
    const bool last = i + 1 == out.shares.size();
    share.attributed =
        last ? mine - given : Ticks(std::llround(static_cast<double>(share.attributed.ps) * part));
    share.utilisation *= part;
    given += share.attributed;
  }
  return out;
}

std::vector<ComponentStatistics> statisticsOf(const Resources& resources, const Schedule& schedule,
                                              const LiveTraffic* live) {
  std::vector<ComponentStatistics> all;
  const double total = toSeconds(schedule.end).value;
  const auto add = [&](const std::string& name, const ResourceUse& use) {
    const double busy = toSeconds(use.busy).value;
    all.push_back({name, busy, total > 0 ? busy / total : 0.0, toSeconds(use.waited).value,
                   use.served, use.longestQueue, toBytes(use.moved)});
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
