// When operators start and end within a phase, the power over one step, and the accounts of a
// workload of tasks: who worked when, and what the links carried.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "models/bookkeeping.h"
#include "models/run_report.h"

namespace wattlas {

// One step: runs of regions with the same count > 1 are layers, which interleave.
std::vector<Bookkeeping::Block> Bookkeeping::blocks() const {
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < books_.size();) {
    std::size_t j = i + 1;
    const std::int64_t count = books_[i].region->count;
    while (j < books_.size() && books_[j].region->count == count && count > 1) ++j;
    blocks.push_back({i, j, count});
    i = j;
  }
  return blocks;
}

void Bookkeeping::layOutPower(const std::vector<Block>& blocks) {
  const double window = std::max(1.0, x_.platform->powerWindow.value.value * 1e12);
  timeline_.reserve(timeline_.size() + 4 * books_.size());
  for (const Block& block : blocks) {
    const std::size_t first = timeline_.size();
    const auto put = [&](const PowerPiece& piece) {
      if (piece.duration.ps > 0) timeline_.push_back(piece);
    };
    double length = 0;
    for (std::size_t k = block.begin; k < block.end; ++k) {
      const BookedRegion& region = *books_[k].region;
      put({region.copiesPerStep, region.copyEnergyPerStep});
      put({region.piecesLaunch, Joules(0)});
      for (const PowerPiece& piece : region.pieces) put(piece);
      length += ps(region.lastInstance + region.copiesPerStep);
    }
    const auto enough =
        static_cast<std::int64_t>(std::min(1000.0, 2 + 2 * window / std::max(1.0, length)));
    const std::size_t pieces = timeline_.size() - first;
    for (std::int64_t n = 1; n < std::min(block.count, enough); ++n) {
      if (timeline_.size() >= 100000) break;
      for (std::size_t i = 0; i < pieces; ++i) timeline_.push_back(timeline_[first + i]);
    }
  }
}

void Bookkeeping::layOut() {
  const std::vector<Block> blocks = this->blocks();
  layOutPower(blocks);
  if (!full_) return;
  // Start is that of the first instance, end that of the last one at the last step.
  const auto rowsOf = [&](const Book& book, auto&& each) {
    for (std::size_t r = 0; r < book.region->shares.size(); ++r)
      each(result_.operators[book.firstRow + r]);
  };
  Ticks first = phaseStart_;  // position within the first step
  for (const Block& block : blocks) {
    Ticks layer, copyTime;
    for (std::size_t k = block.begin; k < block.end; ++k) {
      const Book& book = books_[k];
      copyTime += book.region->copiesPerStep;
      rowsOf(book, [&](OperatorResult& row) { row.startS = seconds(first + copyTime + layer); });
      layer += book.region->firstInstance;
    }
    first += copyTime + times(layer, block.count);
  }
  Ticks fromEnd;  // distance from the end of the phase, filled backwards
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    for (std::size_t k = block->end; k-- > block->begin;) {
      const Book& book = books_[k];
      rowsOf(book, [&](OperatorResult& row) { row.endS = seconds(now_ - fromEnd); });
      fromEnd += book.region->lastInstance;
    }
    Ticks layer, copyTime;
    for (std::size_t k = block->begin; k < block->end; ++k) {
      layer += books_[k].region->lastInstance;
      copyTime += books_[k].region->copiesPerStep;
    }
    fromEnd += times(layer, block->count - 1) + copyTime;
  }
}

/// Each region draws its mean power, or its highest over a window where that is more, for as long
/// as its tasks are under way.
void Bookkeeping::layOutSpans(const std::vector<TaskSpan>& spans) {
  std::map<Ticks, double> steps;  // changes of power, in joules a picosecond
  for (std::size_t i = 0; i < books_.size(); ++i) {
    const BookedRegion& region = *books_[i].region;
    const Ticks length = spans[i].end - spans[i].start;
    if (full_)
      for (std::size_t r = 0; r < region.shares.size(); ++r) {
        result_.operators[books_[i].firstRow + r].startS = seconds(spans[i].start);
        result_.operators[books_[i].firstRow + r].endS = seconds(spans[i].end);
      }
    if (length.ps <= 0) continue;
    double joules = region.transferJ;
    for (const BookedShare& share : region.shares) joules += share.dynamicJ;
    // A power limit stretches programs.
    const double pace = std::min(1.0, ps(region.duration) / ps(length));
    const double highest =
        pace * peakPower(region.pieces, toTicks(x_.platform->powerWindow.value)).value * 1e-12;
    const double power = std::max(joules / ps(length), highest);
    steps[spans[i].start] += power;
    steps[spans[i].end] -= power;
  }
  double power = 0;
  Ticks last = phaseStart_;
  for (const auto& [at, change] : steps) {
    if (at > last) timeline_.push_back({at - last, Joules(power * ps(at - last))});
    power = std::max(0.0, power + change);
    last = std::max(last, at);
  }
}

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
    describe(BottleneckCategory::idle, phase.name.c_str(), onDevice, Bottleneck::latency, {},
             schedule.end);
  }
  bound_ = criticalPath(plan.graph, schedule);
  now_ = schedule.end;
  phase.timeS = seconds(now_);
  result_.phases.push_back(phase);
}

}  // namespace wattlas
