// Heterogeneous earliest finish time with insertion (Topcuoglu, Hariri, Wu 2002): tasks in order of
// their distance to the end, each where it would end first, also in gaps left before.
#pragma once

#include <functional>
#include <vector>

#include "models/base/units.h"

namespace wattlas {

struct SchedulingProblem {
  std::size_t seats = 0;
  std::vector<std::vector<Ticks>> time;  ///< [task][seat]; negative: not there
  struct Edge {
    std::size_t from = 0, to = 0;
    /// Time to pass the data on between two different seats.
    std::function<Ticks(std::size_t from, std::size_t to)> pass;
  };
  std::vector<Edge> edges;
};

struct Placement {
  std::vector<std::size_t> seat;  ///< by task
  std::vector<Ticks> start;       ///< as planned, without contention on links
  Ticks end;
};

/// Throws std::logic_error when tasks wait for each other or one of them has no seat.
Placement heft(const SchedulingProblem& problem);

}  // namespace wattlas
