#include "models/workload_facts.h"

#include <string_view>
#include <unordered_map>

namespace wattlas {
namespace {

Hash128 contextOf(const Phase& phase, const PhaseFacts& facts, const OperatorFacts& op) {
  Hasher hasher;
  hasher.add(op.shape).integer(static_cast<int>(phase.kind)).integer(phase.repeat);
  for (const std::vector<OpId>* neighbours : {&op.producers, &op.consumers}) {
    hasher.integer(static_cast<std::int64_t>(neighbours->size()));
    for (const OpId id : *neighbours) hasher.add(facts.ops[static_cast<std::size_t>(id)].shape);
  }
  return hasher.finish();
}

}  // namespace

std::shared_ptr<const WorkloadFacts> factsOf(const Workload& workload) {
  auto facts = std::make_shared<WorkloadFacts>();
  if (!workload.config.isNull()) facts->content = workload.config.hash();
  std::unordered_map<std::string_view, std::size_t> parameters;
  for (const Phase& phase : workload.phases) {
    PhaseFacts& out = facts->phases.emplace_back();
    out.order = phase.graph.order();
    out.ops.reserve(phase.graph.size());
    for (OpId id = 0; id < static_cast<OpId>(phase.graph.size()); ++id) {
      const Operator& op = phase.graph.at(id);
      OperatorFacts& known = out.ops.emplace_back();
      known.shape = Hasher().add(hashOf(op)).integer(op.count).integer(op.storedCount).finish();
      known.cost = costOf(op);
      known.producers = phase.graph.producers(id);
      known.consumers = phase.graph.consumers(id);
      const std::string& name = op.sharesWeightsOf.empty() ? op.name : op.sharesWeightsOf;
      known.parameters = parameters.emplace(name, parameters.size()).first->second;
    }
    for (OperatorFacts& op : out.ops) op.context = contextOf(phase, out, op);
  }
  facts->parameterSets = parameters.size();
  return facts;
}

}  // namespace wattlas
