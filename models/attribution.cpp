#include "models/attribution.h"

#include <algorithm>
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

}  // namespace wattlas
