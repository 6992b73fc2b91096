#include "models/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace wattlas {
namespace {

/// Where each operator of a phase runs, in topological order.
struct Placement {
  std::vector<OpId> order;
  std::map<OpId, bool> onHost;
};

class Planner {
 public:
  explicit Planner(const Experiment& experiment)
      : experiment_(experiment),
        device_(*experiment.platform.device.device),
        host_(experiment.platform.host.device.get()),
        hostKinds_(experiment.platform.hostOps.begin(), experiment.platform.hostOps.end()),
        deviceKinds_(experiment.platform.deviceOps.begin(), experiment.platform.deviceOps.end()) {}

  Plan run() {
    // Lowering every step of a very long decode takes a while: ask first whether it fits at all.
    const auto& phases = experiment_.workload.phases;
    const bool longRun = std::any_of(phases.begin(), phases.end(),
                                     [](const Phase& phase) { return phase.repeat > 10000; });
    if (longRun) {
      firstStepOnly_ = true;
      planAll();
      if (!plan_.reasons.empty()) return std::move(plan_);
      plan_ = Plan{};
      firstStepOnly_ = false;
    }
    planAll();
    return std::move(plan_);
  }

 private:
  void planAll() {
    for (std::size_t i = 0; i < experiment_.workload.phases.size(); ++i) planPhase(i);
    if (plan_.reasons.empty()) planMemory();
  }

  void refuse(const std::string& reason) {
    if (plan_.reasons.size() < 20 && seen_.insert(reason).second) plan_.reasons.push_back(reason);
  }

  Placement place(const Graph& graph) {
    Placement placement;
    placement.order = graph.order();
    for (const OpId id : placement.order) {
      const Operator& op = graph.at(id);
      const Support onDevice = device_.support(op);
      const bool forced = hostKinds_.count(nameOf(op.kind)) > 0;
      if (onDevice.level != Support::Level::refused && !forced) {
        placement.onHost[id] = false;
        if (onDevice.level == Support::Level::emulated)
          assume("emulated." + std::string(nameOf(op.kind)), onDevice.how, op.name);
        continue;
      }
      const bool pinned = deviceKinds_.count(nameOf(op.kind)) > 0;
      const bool hostCan =
          host_ != nullptr && !pinned && host_->support(op).level != Support::Level::refused;
      if (!hostCan) {
        refuse(fmt::format("{}: the device refuses {} in {}: {}{}", op.name, nameOf(op.kind),
                           op.formats.name, onDevice.how,
                           host_ == nullptr ? ""
                           : pinned         ? "; it is mapped to the device"
                                            : "; the host refuses it too"));
        continue;
      }
      placement.onHost[id] = true;
      plan_.usesHost = true;
      assume("mapping." + std::string(nameOf(op.kind)), "runs on the host",
             forced ? "mapped there" : onDevice.how);
    }
    return placement;
  }

  void assume(const std::string& key, const std::string& value, const std::string& source) {
    for (const Assumption& known : plan_.assumptions)
      if (known.key == key && known.value == value) return;
    plan_.assumptions.push_back({key, value, "", "", source, Basis::derived});
  }

  void planPhase(std::size_t index) {
    const Phase& phase = experiment_.workload.phases[index];
    const Placement placement = place(phase.graph);
    if (!plan_.reasons.empty()) return;
    PlannedPhase planned;
    planned.index = index;
    std::vector<OpId> run;
    const auto flush = [&] {
      if (run.empty()) return;
      const bool onHost = placement.onHost.at(run.front());
      const Device& device = onHost ? *host_ : device_;
      for (std::vector<OpId>& ops : device.partition(phase.graph, run))
        planRegion(phase, std::move(ops), onHost, placement, planned);
      run.clear();
    };
    for (const OpId id : placement.order) {
      if (!run.empty() && placement.onHost.at(run.front()) != placement.onHost.at(id)) flush();
      run.push_back(id);
    }
    flush();
    plan_.phases.push_back(std::move(planned));
  }

  void planRegion(const Phase& phase, std::vector<OpId> ops, bool onHost,
                  const Placement& placement, PlannedPhase& planned) {
    const Device& device = onHost ? *host_ : device_;
    PlannedRegion region;
    region.ops = std::move(ops);
    region.onHost = onHost;
    const bool grows = std::any_of(region.ops.begin(), region.ops.end(),
                                   [&](OpId id) { return phase.graph.at(id).growsWithContext; });
    const std::int64_t lowerings = grows && !firstStepOnly_ ? phase.repeat : 1;
    for (std::int64_t step = 0; step < lowerings; ++step) {
      WorkItem item{phase.graph, region.ops, phase.kind, step, 1, Bits(0), {}, resident()};
      auto program = device.lower(item);
      if (!program) {
        refuse(fmt::format(
            "{} ({}): {}{}", phase.graph.at(region.ops.front()).name, nameOf(program.error().code),
            program.error().what,
            program.error().nearestLegal.empty() ? "" : "; " + program.error().nearestLegal));
        return;
      }
      if (!region.groups.empty() && region.groups.back().program->hash() == (*program)->hash())
        ++region.groups.back().steps;
      else
        region.groups.push_back({*program, step, 1});
    }
    if (!grows && !region.groups.empty()) region.groups.front().steps = phase.repeat;
    if (region.groups.empty()) return;  // a phase of zero steps
    region.count = region.groups.front().program->coversCounts()
                       ? 1
                       : phase.graph.at(region.ops.front()).count;
    addCopies(phase, placement, region);
    planned.regions.push_back(std::move(region));
  }

  bool resident() const { return experiment_.platform.residency == "resident"; }

  static bool everyUnitNeedsAll(const Operator& op) {
    return op.kind == OpKind::gemm || op.kind == OpKind::conv1d || op.kind == OpKind::conv2d ||
           op.kind == OpKind::hamming || op.kind == OpKind::attention;
  }

  void addCopies(const Phase& phase, const Placement& placement, PlannedRegion& region) {
    if (host_ == nullptr || region.onHost) return;
    const Graph& graph = phase.graph;
    const std::set<OpId> inside(region.ops.begin(), region.ops.end());
    for (const OpId id : region.ops) {
      const Operator& op = graph.at(id);
      const OpCost cost = costOf(op);
      if (!resident() && cost.weights.value > 0)
        region.copies.push_back({{CopyPattern::scatter, true, cost.weights},
                                 region.groups.front().program->coversCounts() ? 1 : op.count,
                                 "weights of " + op.name});
      if (device_.info().activationsOnHost) continue;
      const std::vector<OpId> producers = graph.producers(id);
      const CopyPattern pattern =
          everyUnitNeedsAll(op) ? CopyPattern::broadcast : CopyPattern::scatter;
      if (producers.empty() && cost.input.value > 0)
        region.copies.push_back({{pattern, true, cost.input}, 1, "input of " + op.name});
      for (const OpId producer : producers)
        if (placement.onHost.at(producer))
          region.copies.push_back({{pattern, true, costOf(graph.at(producer)).output},
                                   std::max(op.count, graph.at(producer).count),
                                   "host to " + op.name});
      const std::vector<OpId> consumers = graph.consumers(id);
      const bool toHost = std::any_of(consumers.begin(), consumers.end(),
                                      [&](OpId c) { return placement.onHost.at(c); });
      if (toHost || consumers.empty())
        region.copies.push_back({{CopyPattern::gather, false, cost.output},
                                 consumers.empty() ? 1 : op.count,
                                 (consumers.empty() ? "result of " : op.name + " to host ") +
                                     (consumers.empty() ? op.name : "")});
    }
  }

  struct Need {
    double weights = 0, state = 0, workspace = 0;
    std::string largest;
    double largestBytes = 0;
  };

  void planMemory() {
    Need device, host;
    std::map<std::string, bool> counted;
    for (const PlannedPhase& planned : plan_.phases) {
      const Phase& phase = experiment_.workload.phases[planned.index];
      for (const PlannedRegion& region : planned.regions) {
        Need& need = region.onHost ? host : device;
        const Device& target = region.onHost ? *host_ : device_;
        for (const StepGroup& group : region.groups)
          for (const Footprint& f : group.program->footprint())
            if (f.tier == 0) need.workspace = std::max(need.workspace, toBytes(f.workspace));
        for (const OpId id : region.ops)
          addResident(phase, phase.graph.at(id), target, region.onHost, counted, need);
      }
    }
    report(device, device_, "device");
    if (host_ != nullptr && plan_.usesHost) report(host, *host_, "host");
  }

  void addResident(const Phase& phase, const Operator& op, const Device& target, bool onHost,
                   std::map<std::string, bool>& counted, Need& need) {
    const OpCost cost = costOf(op);
    if (cost.weights.value > 0) {
      // The same parameters serve prefill and decode; tied parameters are stored once.
      const std::string name = op.sharesWeightsOf.empty() ? op.name : op.sharesWeightsOf;
      if (!counted.emplace((onHost ? "h:" : "d:") + name, true).second) return;
      const double bytes = toBytes(target.residentBits(op));
      if (!onHost && !resident()) {
        need.workspace = std::max(need.workspace, bytes / static_cast<double>(op.count));
        return;
      }
      need.weights += bytes;
      if (experiment_.platform.weightLoad && !onHost)
        plan_.weightLoads.push_back(
            {{CopyPattern::scatter, true, Bits(bytes * 8)}, 1, "weights of " + op.name});
      remember(need, op.name, bytes);
    } else if (cost.state.value > 0) {
      const double bytes = toBytes(target.residentBits(op)) * static_cast<double>(phase.repeat);
      need.state += bytes;
      remember(need, op.name + " (KV cache)", bytes);
    }
  }

  static void remember(Need& need, const std::string& name, double bytes) {
    if (bytes <= need.largestBytes) return;
    need.largest = name;
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
    refuse(fmt::format(
        "capacity: {} of the {} holds {}, needed are {} (weights {}, KV cache {}, workspace {}); "
        "{} are missing; the largest tensor is {} with {}",
        tier.name, component, format(tier.capacity), format(bytes(peak)),
        format(bytes(need.weights)), format(bytes(need.state)), format(bytes(need.workspace)),
        format(bytes(peak - capacity)), need.largest, format(bytes(need.largestBytes))));
  }

  const Experiment& experiment_;
  const Device& device_;
  const Device* host_;
  std::set<std::string> hostKinds_, deviceKinds_;
  std::set<std::string> seen_;
  bool firstStepOnly_ = false;
  Plan plan_;
};

}  // namespace

Plan makePlan(const Experiment& experiment) {
  return Planner(experiment).run();
}

}  // namespace wattlas
