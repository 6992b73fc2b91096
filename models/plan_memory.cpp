#include "models/plan_memory.h"

#include <fmt/format.h>

#include <algorithm>

namespace wattlas {

MemoryNeeds::MemoryNeeds(const Experiment& experiment, const WorkloadFacts& facts)
    : platform_(*experiment.platform),
      workload_(*experiment.workload),
      facts_(facts),
      resident_(platform_.residency == "resident"),
      needs_(static_cast<std::size_t>(componentOf(platform_.groups.size())) + 1) {}

MemoryNeeds::Need& MemoryNeeds::needOf(ComponentIndex where) {
  Need& need = needs_[where];
  if (!need.used) need.counted.assign(facts_.parameterSets, 0);
  need.used = true;
  return need;
}

void MemoryNeeds::workspace(ComponentIndex where, double bytes) {
  Need& need = needOf(where);
  need.workspace = std::max(need.workspace, bytes);
}

bool MemoryNeeds::keep(std::size_t phase, OpId id, ComponentIndex where, Bits resident) {
  Need& need = needOf(where);
  const bool host = where == onHost;
  const Operator& op = workload_.phases[phase].graph.at(id);
  const OperatorFacts& known = facts_.phases[phase].ops[static_cast<std::size_t>(id)];
  if (known.cost.weights.value > 0) {
    // The same parameters serve prefill and decode; tied parameters are stored once.
    char& counted = need.counted[known.parameters];
    if (counted != 0) return false;
    counted = 1;
    const double bytes = toBytes(resident);
    if (!host && !resident_) {
      // Two sets of them where the next ones come while the operator before them runs.
      const double sets = platform_.mapping.overlapped ? 2.0 : 1.0;
      need.workspace = std::max(need.workspace, sets * bytes / static_cast<double>(op.count));
      return false;
    }
    if (platform_.mapping.pipeline > 1 && op.block.empty())
      (need.weights > 0 ? need.last : need.first) += bytes;
    else
      need.weights += bytes;
    remember(need, op, false, bytes);
    return platform_.weightLoad && !host;
  }
  if (known.cost.state.value > 0) {
    const double bytes = toBytes(resident) * static_cast<double>(workload_.phases[phase].repeat) *
                         static_cast<double>(platform_.mapping.microBatches);
    need.state += bytes;
    remember(need, op, true, bytes);
  }
  return false;
}

void MemoryNeeds::remember(Need& need, const Operator& op, bool cache, double bytes) {
  if (bytes <= need.largestBytes) return;
  need.largest = &op.name;
  need.largestIsCache = cache;
  need.largestBytes = bytes;
}

std::vector<std::string> MemoryNeeds::report(MemoryPlan& plan, bool usesHost) const {
  std::vector<std::string> reasons;
  report(needs_[onDevice], *platform_.device.device,
         platform_.groups.size() == 1 ? "device" : platform_.device.name, plan, reasons);
  if (platform_.host.device != nullptr && usesHost)
    report(needs_[onHost], *platform_.host.device, "host", plan, reasons);
  for (std::size_t g = 1; g < platform_.groups.size(); ++g)
    if (const Need& need = needs_[componentOf(g)]; need.used)
      report(need, *platform_.groups[g].device.device, platform_.groups[g].device.name, plan,
             reasons);
  return reasons;
}

void MemoryNeeds::report(const Need& need, const Device& target, const std::string& component,
                         MemoryPlan& plan, std::vector<std::string>& reasons) const {
  if (target.info().tiers.empty()) return;
  const Tier& tier = target.info().tiers.front();
  const double capacity = toBytes(tier.capacity);
  // The fullest stage of a pipeline.
  const double stages = static_cast<double>(platform_.mapping.pipeline);
  const double weights = need.weights / stages + std::max(need.first, need.last);
  const double resident = weights + need.state / stages;
  const double peak = resident + need.workspace;
  plan.tiers.push_back({tier.name, resident, peak, capacity});
  if (plan.tiers.size() == 1) {
    plan.weightsBytes = weights;
    plan.peakBytes = peak;
    plan.capacityBytes = capacity;
  }
  if (peak <= capacity) return;
  reasons.push_back(fmt::format(
      "capacity: {} of the {} holds {}, needed are {} (weights {}, KV cache {}, workspace {}); "
      "{} are missing; the largest tensor is {}{} with {}",
      tier.name, component, format(tier.capacity), format(bytes(peak)), format(bytes(weights)),
      format(bytes(need.state / stages)), format(bytes(need.workspace)),
      format(bytes(peak - capacity)), need.largest != nullptr ? *need.largest : "",
      need.largestIsCache ? " (KV cache)" : "", format(bytes(need.largestBytes))));
}

double workspaceBytes(const PlannedRegion& region) {
  double most = 0;
  for (const StepGroup& group : region.groups)
    for (const Footprint& f : group.program->footprint())
      if (f.tier == 0) most = std::max(most, toBytes(f.workspace));
  return most;
}

void planMemory(const Experiment& experiment, const WorkloadFacts& facts,
                const ResidentBits& residentBits, const KeptAt& keptAt, Plan& plan,
                const std::function<void(const std::string&)>& refuse) {
  MemoryNeeds needs(experiment, facts);
  for (const PlannedPhase& planned : plan.phases) {
    const Phase& phase = experiment.workload->phases[planned.index];
    if (phase.live.value > 0) needs.workspace(onDevice, toBytes(phase.live));
    for (const PlannedRegion& region : planned.regions) {
      const ComponentIndex runs = region.component();
      needs.workspace(runs, workspaceBytes(region));
      for (const OpId id : region.ops) {
        const OperatorFacts& known = facts.phases[planned.index].ops[static_cast<std::size_t>(id)];
        const ComponentIndex kept = known.cost.state.value > 0 ? keptAt(planned.index, id) : runs;
        const Bits resident = residentBits(phase.graph.at(id), known, kept);
        if (needs.keep(planned.index, id, kept, resident))
          plan.weightLoads.push_back(
              {loadOf(resident), 1, PlannedCopy::Why::weights, id, onHost, kept});
      }
    }
  }
  for (const std::string& reason : needs.report(plan.memory, plan.usesHost)) refuse(reason);
}

}  // namespace wattlas
