#include "models/workload_facts.h"

namespace wattlas {

std::shared_ptr<const WorkloadFacts> factsOf(const Workload& workload) {
  auto facts = std::make_shared<WorkloadFacts>();
  for (const Phase& phase : workload.phases) {
    PhaseFacts& out = facts->phases.emplace_back();
    out.order = phase.graph.order();
    for (OpId id = 0; id < static_cast<OpId>(phase.graph.size()); ++id) {
      const Operator& op = phase.graph.at(id);
      out.ops.push_back(
          {Hasher().add(hashOf(op)).integer(op.count).integer(op.storedCount).finish(), costOf(op),
           phase.graph.producers(id), phase.graph.consumers(id)});
    }
  }
  return facts;
}

}  // namespace wattlas
