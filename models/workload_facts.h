// What planning needs to know about a workload, whatever hardware it runs on: computed once for
// thousands of points. Internal to models/.
#pragma once

#include <memory>
#include <vector>

#include "models/base/hash.h"
#include "workloads/graph/workload.h"

namespace wattlas {

struct OperatorFacts {
  Hash128 shape;  ///< everything that a device may look at except names
  OpCost cost;    ///< of one instance at step 0
  std::vector<OpId> producers, consumers;
};

struct PhaseFacts {
  std::vector<OpId> order;         ///< topological
  std::vector<OperatorFacts> ops;  ///< by OpId
};

struct WorkloadFacts {
  std::vector<PhaseFacts> phases;  ///< as Workload::phases
};

std::shared_ptr<const WorkloadFacts> factsOf(const Workload& workload);

}  // namespace wattlas
