#include "models/plan_memory.h"

#include <fmt/format.h>

#include <algorithm>

namespace wattlas {

MemoryNeeds::MemoryNeeds(const Experiment& experiment, const WorkloadFacts& facts)
    : platform_(*experiment.platform),
      workload_(*experiment.workload),
      facts_(facts),
      resident_(platform_.residency == "resident") {
  device_.counted.assign(facts.parameterSets, 0);
  host_.counted.assign(facts.parameterSets, 0);
}

void MemoryNeeds::workspace(bool host, double bytes) {
  Need& need = host ? host_ : device_;
  need.workspace = std::max(need.workspace, bytes);
}

bool MemoryNeeds::keep(std::size_t phase, OpId id, bool host, Bits resident) {
  Need& need = host ? host_ : device_;
  const Operator& op = workload_.phases[phase].graph.at(id);
  const OperatorFacts& known = facts_.phases[phase].ops[static_cast<std::size_t>(id)];
  if (known.cost.weights.value > 0) {
    // The same parameters serve prefill and decode; tied parameters are stored once.
    char& counted = need.counted[known.parameters];
    if (counted != 0) return false;
    counted = 1;
    const double bytes = toBytes(resident);
    if (!host && !resident_) {
      need.workspace = std::max(need.workspace, bytes / static_cast<double>(op.count));
      return false;
    }
    need.weights += bytes;
    remember(need, op, false, bytes);
    return platform_.weightLoad && !host;
  }
  if (known.cost.state.value > 0) {
    const double bytes = toBytes(resident) * static_cast<double>(workload_.phases[phase].repeat);
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
  report(device_, *platform_.device.device, "device", plan, reasons);
  if (platform_.host.device != nullptr && usesHost)
    report(host_, *platform_.host.device, "host", plan, reasons);
  return reasons;
}

void MemoryNeeds::report(const Need& need, const Device& target, const char* component,
                         MemoryPlan& plan, std::vector<std::string>& reasons) {
  if (target.info().tiers.empty()) return;
  const Tier& tier = target.info().tiers.front();
  const double capacity = toBytes(tier.capacity);
  const double resident = need.weights + need.state;
  const double peak = resident + need.workspace;
  plan.tiers.push_back({tier.name, resident, peak, capacity});
  if (plan.tiers.size() == 1) {
    plan.weightsBytes = need.weights;
    plan.peakBytes = peak;
    plan.capacityBytes = capacity;
  }
  if (peak <= capacity) return;
  reasons.push_back(fmt::format(
      "capacity: {} of the {} holds {}, needed are {} (weights {}, KV cache {}, workspace {}); "
      "{} are missing; the largest tensor is {}{} with {}",
      tier.name, component, format(tier.capacity), format(bytes(peak)), format(bytes(need.weights)),
      format(bytes(need.state)), format(bytes(need.workspace)), format(bytes(peak - capacity)),
      need.largest != nullptr ? *need.largest : "", need.largestIsCache ? " (KV cache)" : "",
      format(bytes(need.largestBytes))));
}

double workspaceBytes(const PlannedRegion& region) {
  double most = 0;
  for (const StepGroup& group : region.groups)
    for (const Footprint& f : group.program->footprint())
      if (f.tier == 0) most = std::max(most, toBytes(f.workspace));
  return most;
}

void planMemory(const Experiment& experiment, const WorkloadFacts& facts,
                const ResidentBits& residentBits, Plan& plan,
                const std::function<void(const std::string&)>& refuse) {
  MemoryNeeds needs(experiment, facts);
  for (const PlannedPhase& planned : plan.phases) {
    const Phase& phase = experiment.workload->phases[planned.index];
    for (const PlannedRegion& region : planned.regions) {
      needs.workspace(region.onHost, workspaceBytes(region));
      for (const OpId id : region.ops) {
        const OperatorFacts& known = facts.phases[planned.index].ops[static_cast<std::size_t>(id)];
        const Bits resident = residentBits(phase.graph.at(id), known, region.onHost);
        if (needs.keep(planned.index, id, region.onHost, resident))
          plan.weightLoads.push_back({loadOf(resident), 1, PlannedCopy::Why::weights, id});
      }
    }
  }
  for (const std::string& reason : needs.report(plan.memory, plan.usesHost)) refuse(reason);
}

}  // namespace wattlas
