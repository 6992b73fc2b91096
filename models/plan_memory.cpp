#include "models/plan_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace wattlas {
namespace {

class MemoryPlanner {
 public:
  MemoryPlanner(const Experiment& experiment, const WorkloadFacts& facts,
                const ResidentBits& residentBits, Plan& plan,
                const std::function<void(const std::string&)>& refuse)
      : platform_(*experiment.platform),
        workload_(*experiment.workload),
        facts_(facts),
        residentBits_(residentBits),
        resident_(platform_.residency == "resident"),
        plan_(plan),
        refuse_(refuse) {}

  void run() {
    for (const PlannedPhase& planned : plan_.phases) {
      const Phase& phase = workload_.phases[planned.index];
      for (const PlannedRegion& region : planned.regions) {
        Need& need = region.onHost ? host_ : device_;
        for (const StepGroup& group : region.groups)
          for (const Footprint& f : group.program->footprint())
            if (f.tier == 0) need.workspace = std::max(need.workspace, toBytes(f.workspace));
        for (const OpId id : region.ops)
          addResident(phase, facts_.phases[planned.index], id, region.onHost, need);
      }
    }
    report(device_, *platform_.device.device, "device");
    if (platform_.host.device != nullptr && plan_.usesHost)
      report(host_, *platform_.host.device, "host");
  }

 private:
  struct Need {
    double weights = 0, state = 0, workspace = 0;
    std::string_view largest;
    bool largestIsCache = false;
    double largestBytes = 0;
    std::unordered_set<std::string_view> counted;
  };

  void addResident(const Phase& phase, const PhaseFacts& facts, OpId id, bool onHost, Need& need) {
    const Operator& op = phase.graph.at(id);
    const OperatorFacts& known = facts.ops[static_cast<std::size_t>(id)];
    if (known.cost.weights.value > 0) {
      // The same parameters serve prefill and decode; tied parameters are stored once.
      if (!need.counted.insert(op.sharesWeightsOf.empty() ? op.name : op.sharesWeightsOf).second)
        return;
      const double bytes = toBytes(residentBits_(op, known, onHost));
      if (!onHost && !resident_) {
        need.workspace = std::max(need.workspace, bytes / static_cast<double>(op.count));
        return;
      }
      need.weights += bytes;
      if (platform_.weightLoad && !onHost)
        plan_.weightLoads.push_back(
            {{CopyPattern::scatter, true, Bits(bytes * 8)}, 1, PlannedCopy::Why::weights, id});
      remember(need, op, false, bytes);
    } else if (known.cost.state.value > 0) {
      const double bytes =
          toBytes(residentBits_(op, known, onHost)) * static_cast<double>(phase.repeat);
      need.state += bytes;
      remember(need, op, true, bytes);
    }
  }

  static void remember(Need& need, const Operator& op, bool cache, double bytes) {
    if (bytes <= need.largestBytes) return;
    need.largest = op.name;
    need.largestIsCache = cache;
    need.largestBytes = bytes;
  }

  void report(const Need& need, const Device& target, const char* component) {
    if (target.info().tiers.empty()) return;
    const Tier& tier = target.info().tiers.front();
    const double capacity = toBytes(tier.capacity);
    const double resident = need.weights + need.state;
    const double peak = resident + need.workspace;
    plan_.memory.tiers.push_back({tier.name, resident, peak, capacity});
    if (plan_.memory.tiers.size() == 1) {
      plan_.memory.weightsBytes = need.weights;
      plan_.memory.peakBytes = peak;
      plan_.memory.capacityBytes = capacity;
    }
    if (peak <= capacity) return;
    refuse_(fmt::format(
        "capacity: {} of the {} holds {}, needed are {} (weights {}, KV cache {}, workspace {}); "
        "{} are missing; the largest tensor is {}{} with {}",
        tier.name, component, format(tier.capacity), format(bytes(peak)),
        format(bytes(need.weights)), format(bytes(need.state)), format(bytes(need.workspace)),
        format(bytes(peak - capacity)), need.largest, need.largestIsCache ? " (KV cache)" : "",
        format(bytes(need.largestBytes))));
  }

  const Platform& platform_;
  const Workload& workload_;
  const WorkloadFacts& facts_;
  const ResidentBits& residentBits_;
  const bool resident_;
  Plan& plan_;
  const std::function<void(const std::string&)>& refuse_;
  Need device_, host_;
};

}  // namespace

void planMemory(const Experiment& experiment, const WorkloadFacts& facts,
                const ResidentBits& residentBits, Plan& plan,
                const std::function<void(const std::string&)>& refuse) {
  MemoryPlanner(experiment, facts, residentBits, plan, refuse).run();
}

}  // namespace wattlas
