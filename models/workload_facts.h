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
  /// `shape`, the phase, and the shapes of producers and consumers: what decides where the
  /// operator runs, how, and what is copied for it.
  Hash128 context;
  std::size_t parameters = 0;  ///< which set of parameters; tied operators have the same
};

struct PhaseFacts {
  std::vector<OpId> order;         ///< topological
  std::vector<OperatorFacts> ops;  ///< by OpId
};

struct WorkloadFacts {
  Hash128 content;                 ///< of the description that builds the workload; zero = none
  std::vector<PhaseFacts> phases;  ///< as Workload::phases
  std::size_t parameterSets = 0;
};

std::shared_ptr<const WorkloadFacts> factsOf(const Workload& workload);

}  // namespace wattlas
