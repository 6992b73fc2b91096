#include "models/heft.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace wattlas {
namespace {

struct Slot {
  Ticks start, end;
};

/// Earliest start at or after `ready` of something that lasts `length`, in a gap or at the end.
Ticks fit(const std::vector<Slot>& taken, Ticks ready, Ticks length) {
  Ticks from = ready;
  for (const Slot& slot : taken) {
    if (from + length <= slot.start) return from;
    from = std::max(from, slot.end);
  }
  return from;
}

double meanPass(const SchedulingProblem& problem, const SchedulingProblem::Edge& edge) {
  double sum = 0;
  int pairs = 0;
  for (std::size_t a = 0; a < problem.seats; ++a)
    for (std::size_t b = 0; b < problem.seats; ++b)
      if (a != b && problem.time[edge.from][a].ps >= 0 && problem.time[edge.to][b].ps >= 0) {
        sum += static_cast<double>(edge.pass(a, b).ps);
        ++pairs;
      }
  return pairs > 0 ? sum / pairs : 0.0;
}

}  // namespace

Placement heft(const SchedulingProblem& problem) {
  const std::size_t n = problem.time.size();
  std::vector<double> rank(n, 0);
  std::vector<std::vector<const SchedulingProblem::Edge*>> in(n), out(n);
  std::vector<std::size_t> waiting(n, 0);
  for (const auto& edge : problem.edges) {
    in[edge.to].push_back(&edge);
    out[edge.from].push_back(&edge);
    ++waiting[edge.from];
  }
  // Ranks from the end: a task is ranked when all after it are.
  std::vector<std::size_t> next;
  for (std::size_t i = 0; i < n; ++i)
    if (waiting[i] == 0) next.push_back(i);
  std::size_t ranked = 0;
  for (std::size_t k = 0; k < next.size(); ++k, ++ranked) {
    const std::size_t i = next[k];
    double sum = 0;
    int seats = 0;
    for (const Ticks t : problem.time[i])
      if (t.ps >= 0) sum += static_cast<double>(t.ps), ++seats;
    if (seats == 0) throw std::logic_error("a task has no seat");
    double after = 0;
    for (const auto* edge : out[i])
      after = std::max(after, meanPass(problem, *edge) + rank[edge->to]);
    rank[i] = sum / seats + after;
    for (const auto* edge : in[i])
      if (--waiting[edge->from] == 0) next.push_back(edge->from);
  }
  if (ranked != n) throw std::logic_error("tasks wait for each other");

  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Of equal ranks the one before goes first: `next` is in reverse topological order.
  std::vector<std::size_t> position(n);
  for (std::size_t k = 0; k < n; ++k) position[next[k]] = k;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return rank[a] != rank[b] ? rank[a] > rank[b] : position[a] > position[b];
  });
  Placement placement;
  placement.seat.assign(n, 0);
  placement.start.assign(n, {});
  std::vector<Ticks> end(n);
  std::vector<std::vector<Slot>> taken(problem.seats);
  for (const std::size_t i : order) {
    Ticks best(-1);
    for (std::size_t s = 0; s < problem.seats; ++s) {
      const Ticks length = problem.time[i][s];
      if (length.ps < 0) continue;
      Ticks ready;
      for (const auto* edge : in[i]) {
        const std::size_t from = placement.seat[edge->from];
        ready = std::max(ready, end[edge->from] + (from == s ? Ticks(0) : edge->pass(from, s)));
      }
      const Ticks start = fit(taken[s], ready, length);
      if (best.ps >= 0 && start + length >= best) continue;
      best = start + length;
      placement.seat[i] = s;
      placement.start[i] = start;
    }
    end[i] = best;
    auto& slots = taken[placement.seat[i]];
    const Slot slot{placement.start[i], best};
    slots.insert(std::upper_bound(slots.begin(), slots.end(), slot,
                                  [](const Slot& a, const Slot& b) { return a.start < b.start; }),
                 slot);
    placement.end = std::max(placement.end, best);
  }
  return placement;
}

}  // namespace wattlas
