// Cuts the layers of a network into equal slices for members that work on them together.
#pragma once

#include "workloads/graph/workload.h"

namespace wattlas {

/// What one of `members` runs: products cut by outputs or, behind those, by inputs, attention by
/// heads (key and value heads that do not divide are kept by several), and a collective operator
/// where members need the results of all. Norms, sums and routers are repeated on all members.
/// Throws InputError when heads do not divide, or for operators that have no such cut.
Workload tensorShard(const Workload& workload, std::int64_t members);

/// What one of `members` runs that hold different experts of a mixture and everything else alike:
/// its share of the experts that are read, dealt out evenly, and an all-reduce of what they gave.
/// Throws InputError for networks without experts, and where fewer experts of a layer are read than
/// there are members, since then some of them would wait.
Workload expertShard(const Workload& workload, std::int64_t members);

}  // namespace wattlas
