// The accounts of a workload of tasks: who worked when, and what the links carried.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "models/attribution.h"
#include "models/bookkeeping.h"

namespace wattlas {
namespace {

/// When the last task would end if nobody waited for a resource: no schedule is shorter.
Ticks criticalPath(const TaskGraph& graph, const Schedule& schedule) {
  std::vector<std::vector<TaskId>> after(graph.tasks.size());
  for (const auto& [from, to] : graph.edges) after[static_cast<std::size_t>(from)].push_back(to);
  std::vector<TaskId> order(graph.tasks.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<TaskId>(i);
  std::stable_sort(order.begin(), order.end(), [&](TaskId a, TaskId b) {
    const TaskSpan &x = schedule.spans[static_cast<std::size_t>(a)],
                   &y = schedule.spans[static_cast<std::size_t>(b)];
    return x.end != y.end ? x.end < y.end : x.start < y.start;
  });
  std::vector<Ticks> ready(graph.tasks.size());
  Ticks longest;
  for (const TaskId id : order) {
    const Task& task = graph.tasks[static_cast<std::size_t>(id)];
    const Ticks end = ready[static_cast<std::size_t>(id)] + times(task.alone, task.repeat);
    longest = std::max(longest, end);
    for (const TaskId next : after[static_cast<std::size_t>(id)])
      ready[static_cast<std::size_t>(next)] = std::max(ready[static_cast<std::size_t>(next)], end);
  }
  return longest;
}

}  // namespace

void Bookkeeping::tasks(const TaskPlan& plan, const Schedule& schedule) {
  const std::vector<Ticks> shares = attribute(plan.graph, schedule);
  struct Sum {
    Ticks start, end, attributed;
    std::int64_t count = 0;
    bool known = false;
  };
  std::vector<Sum> sums(plan.rows.size());
  Ticks given;
  for (std::size_t t = 0; t < plan.graph.tasks.size(); ++t) {
    Sum& sum = sums[static_cast<std::size_t>(plan.graph.tasks[t].owner)];
    const TaskSpan& span = schedule.spans[t];
    sum.start = sum.known ? std::min(sum.start, span.start) : span.start;
    sum.end = std::max(sum.end, span.end);
    sum.attributed += shares[t];
    sum.count = std::max(sum.count, plan.graph.tasks[t].repeat);
    sum.known = true;
    given += shares[t];
  }
  PhaseResult phase;
  phase.name = "tasks";
  for (std::size_t r = 0; r < plan.rows.size(); ++r) {
    const TaskPlan::Row& row = plan.rows[r];
    double joules = 0;
    for (std::size_t link = 0; link < row.linkBits.size(); ++link) {
      EnergyCounts wire;
      wire.add(static_cast<CoefficientId>(link), std::llround(row.linkBits[link]));
      std::vector<Charge> charges;
      if (row.linkBits[link] > 0) tariff_.charge(onLink, wire, 1.0, charges);
      addCharges(charges);
      joules += tariff_.joules(onLink, wire);
    }
    rows_.push_back({sums[r].attributed, joules,
                     row.transfer ? BottleneckCategory::transfer : BottleneckCategory::compute});
    phase.energyJ += joules;
    if (joules > 0) timeline_.push_back({sums[r].end - sums[r].start, Joules(joules)});
    if (!full_) continue;
    OperatorResult out;
    out.name = row.name;
    out.kind = row.kind;
    out.phase = phase.name;
    out.device = row.device;
    out.region = static_cast<std::int64_t>(r) + 1;
    out.count = sums[r].count;
    out.startS = seconds(sums[r].start);
    out.endS = seconds(sums[r].end);
    out.bound = nameOf(row.transfer ? Bottleneck::link : Bottleneck::compute);
    result_.operators.push_back(std::move(out));
  }
  if (given < schedule.end) {
    rows_.push_back({schedule.end - given, 0, BottleneckCategory::idle});
    if (full_) {
      OperatorResult idle;
      idle.name = idle.kind = "idle";
      idle.phase = phase.name;
      idle.device = tariff_.nameOf(onDevice);
      idle.endS = seconds(schedule.end);
      idle.bound = nameOf(Bottleneck::latency);
      result_.operators.push_back(std::move(idle));
    }
  }
  bound_ = criticalPath(plan.graph, schedule);
  now_ = schedule.end;
  phase.timeS = seconds(now_);
  result_.phases.push_back(phase);
}

}  // namespace wattlas
