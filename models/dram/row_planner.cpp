#include "models/dram/row_planner.h"

#include <algorithm>
#include <tuple>

namespace wattlas::dram {

namespace {
constexpr Clock longAgo = -(1LL << 60);
}

RowPlanner::RowPlanner(const Clocks& clocks) : c_(clocks) {
  groupNext_.assign(at(c_.ranks * c_.groups), longAgo);
  ranks_.assign(at(c_.ranks), {{longAgo, longAgo, longAgo, longAgo}, 0});
}

Clock RowPlanner::avoidSlots(Clock time, Clock length) const {
  for (bool moved = true; moved;) {
    moved = false;
    for (const RefreshSlot& s : slots_)
      if (time <= s.time && time + length > s.time) {
        time = s.time + 1;
        moved = true;
      }
  }
  return time;
}

Clock RowPlanner::avoid(Clock time, Clock length) const {
  for (;;) {
    const Clock before = time;
    if (!slots_.empty()) time = avoidSlots(time, length);
    for (std::size_t i = first_; i < plan_.size(); ++i) {
      const Clock a = plan_[i].time;
      if (a >= time + length) break;
      if (a + c_.activateClocks > time) time = a + c_.activateClocks;
    }
    if (time == before) return time;
  }
}

Clock RowPlanner::earliest(const RowCycle& cycle, Clock now, Clock busFree) const {
  const int rank = c_.rankOf(cycle.bank);
  const Rank& r = ranks_[at(rank)];
  Clock time = std::max({now, busFree, cycle.ready, groupNext_[at(c_.groupOf(cycle.bank))],
                         r.ring[r.oldest] + c_.faw});
  for (bool moved = !slots_.empty(); moved;) {
    moved = false;
    for (const RefreshSlot& s : slots_) {
      const bool bus = time <= s.time && time + c_.activateClocks > s.time;
      const bool near = s.rank == rank && time + s.before > s.time && time < s.time + s.after;
      if (!bus && !near) continue;
      time = near ? s.time + std::max<Clock>(s.after, 1) : s.time + 1;
      moved = true;
    }
  }
  return time;
}

void RowPlanner::apply(int bank, Clock time) {
  const int rank = c_.rankOf(bank), group = c_.groupOf(bank);
  for (int g = rank * c_.groups; g < (rank + 1) * c_.groups; ++g)
    groupNext_[at(g)] = std::max(groupNext_[at(g)], time + (g == group ? c_.rrdL : c_.rrdS));
  Rank& r = ranks_[at(rank)];
  r.ring[r.oldest] = time;
  r.oldest = (r.oldest + 1) % 4;
}

void RowPlanner::add(const RowCycle& cycle, Clock now, Clock busFree) {
  plan_.push_back(cycle);
  plan(now, busFree);
}

void RowPlanner::plan(Clock now, Clock busFree) {
  if (first_ > 0) {
    plan_.erase(plan_.begin(), plan_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  groupSaved_ = groupNext_;
  ranksSaved_ = ranks_;
  Clock bus = busFree;
  for (std::size_t done = 0; done < plan_.size(); ++done) {
    std::size_t best = done;
    Clock bestTime = 0;
    for (std::size_t i = done; i < plan_.size(); ++i) {
      const Clock time = earliest(plan_[i], now, bus);
      if (i == done || std::tie(time, plan_[i].ready, plan_[i].age) <
                           std::tie(bestTime, plan_[best].ready, plan_[best].age)) {
        best = i;
        bestTime = time;
      }
    }
    std::swap(plan_[done], plan_[best]);
    plan_[done].time = bestTime;
    bus = bestTime + c_.activateClocks;
    apply(plan_[done].bank, bestTime);
  }
  groupNext_.swap(groupSaved_);
  ranks_.swap(ranksSaved_);
}

void RowPlanner::cancel(int bank) {
  for (std::size_t i = first_; i < plan_.size(); ++i)
    if (plan_[i].bank == bank) {
      plan_.erase(plan_.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
}

void RowPlanner::pop() {
  apply(plan_[first_].bank, plan_[first_].time);
  ++first_;
}

void RowPlanner::forget(Clock before) {
  std::erase_if(
      slots_, [&](const RefreshSlot& s) { return s.time + std::max<Clock>(s.after, 1) < before; });
}

Clock RowPlanner::lastActivate(int rank) const {
  const Rank& r = ranks_[at(rank)];
  return r.ring[(r.oldest + 3) % 4];
}

}  // namespace wattlas::dram
