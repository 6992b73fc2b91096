#include "models/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "models/placer.h"

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

namespace {

class Planner {
 public:
  Planner(const Experiment& experiment, ProfileCache& cache, Detail detail)
      : experiment_(experiment),
        facts_(experiment.facts ? experiment.facts : factsOf(*experiment.workload)),
        placer_(experiment, *facts_, cache, detail, plan_),
        hosted_(experiment.platform->host.device != nullptr) {}

  Plan run() {
    // Lowering every step of a very long decode takes a while: ask first whether it fits at all.
    const auto& phases = experiment_.workload->phases;
    const bool longRun = std::any_of(phases.begin(), phases.end(),
                                     [](const Phase& phase) { return phase.repeat > 10000; });
    if (longRun) {
      firstStepOnly_ = true;
      planAll();
      if (!plan_.reasons.empty()) return std::move(plan_);
      plan_ = Plan{};
      passed_.clear();
      firstStepOnly_ = false;
    }
    planAll();
    return std::move(plan_);
  }

  Plan only(const std::vector<std::vector<char>>& wanted) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      placer_.place(i);
      if (!plan_.reasons.empty()) break;
      PlannedPhase planned;
      planned.index = i;
      for (const OpId id : facts_->phases[i].order)
        if (wanted[i][static_cast<std::size_t>(id)] != 0) planRegion(i, {id}, planned);
      plan_.phases.push_back(std::move(planned));
    }
    return std::move(plan_);
  }

 private:
  void planAll() {
    // All placements first: where a cache is filled may depend on where it is read.
    for (std::size_t i = 0; i < experiment_.workload->phases.size(); ++i) placer_.place(i);
    placer_.sayWhatFitsNothing();
    if (plan_.reasons.empty())
      for (std::size_t i = 0; i < experiment_.workload->phases.size(); ++i) planPhase(i);
    if (plan_.reasons.empty()) planMemory();
  }

  /// Fills plan_.memory and plan_.weightLoads; refuses for each component that is too small.
  void planMemory() {
    MemoryNeeds needs(experiment_, *facts_);
    for (const PlannedPhase& planned : plan_.phases) {
      const Phase& phase = experiment_.workload->phases[planned.index];
      if (phase.live.value > 0) needs.workspace(onDevice, toBytes(phase.live));
      for (const PlannedRegion& region : planned.regions) {
        const ComponentIndex runs = region.component();
        needs.workspace(runs, workspaceBytes(region));
        for (const OpId id : region.ops) {
          const OperatorFacts& known =
              facts_->phases[planned.index].ops[static_cast<std::size_t>(id)];
          const bool state = known.cost.state.value > 0;
          const ComponentIndex kept = state ? placer_.keptAt(planned.index, id) : runs;
          const Bits resident = placer_.placed(kept, phase.graph.at(id), known).resident;
          if (needs.keep(planned.index, id, kept, resident))
            plan_.weightLoads.push_back(
                {loadOf(resident), 1, PlannedCopy::Why::weights, id, onHost, kept});
        }
      }
    }
    for (const std::string& reason : needs.report(plan_.memory, plan_.usesHost))
      placer_.refuse(reason);
  }

  void planPhase(std::size_t index) {
    const Phase& phase = experiment_.workload->phases[index];
    const PhaseFacts& facts = facts_->phases[index];
    PlannedPhase planned;
    planned.index = index;
    planned.regions.reserve(facts.order.size());
    std::vector<OpId> run;
    const auto flush = [&] {
      if (run.empty()) return;
      const Device& device = *placer_.part(placer_.placeOf(index, run.front())).device;
      for (std::vector<OpId>& ops : device.partition(phase.graph, run))
        planRegion(index, std::move(ops), planned);
      run.clear();
    };
    for (const OpId id : facts.order) {
      if (!run.empty() && placer_.placeOf(index, run.front()) != placer_.placeOf(index, id))
        flush();
      run.push_back(id);
    }
    flush();
    passStages(index, planned);
    plan_.phases.push_back(std::move(planned));
  }

  /// Each stage of a pipeline passes what its last layer made on to the next one.
  void passStages(std::size_t index, PlannedPhase& planned) {
    const std::int64_t stages = experiment_.platform->mapping.pipeline;
    if (stages < 2) return;
    const Phase& phase = experiment_.workload->phases[index];
    for (auto region = planned.regions.rbegin(); region != planned.regions.rend(); ++region) {
      const OpId last = region->ops.back();
      if (phase.graph.at(last).block.empty()) continue;
      const Bits made = facts_->phases[index].ops[static_cast<std::size_t>(last)].cost.output;
      region->copy({CopyPattern::gather, false, made}, stages - 1, PlannedCopy::Why::stage, last,
                   onDevice, onDevice);
      return;
    }
  }

  void planRegion(std::size_t index, std::vector<OpId> ops, PlannedPhase& planned) {
    const Phase& phase = experiment_.workload->phases[index];
    const PhaseFacts& facts = facts_->phases[index];
    PlannedRegion region;
    region.ops = std::move(ops);
    const ComponentIndex where = placer_.placeOf(index, region.ops.front());
    region.onHost = where == onHost;
    if (!region.onHost) region.group = groupOf(where);
    const Operator& only = phase.graph.at(region.ops.front());
    if (!region.onHost && only.kind == OpKind::collective &&
        placer_.placed(where, only, facts.ops[static_cast<std::size_t>(region.ops.front())])
                .support.level == Support::Level::refused) {
      region.exchange = true;
      region.count = only.count;
      planned.regions.push_back(std::move(region));
      return;
    }
    const bool grows = std::any_of(region.ops.begin(), region.ops.end(),
                                   [&](OpId id) { return phase.graph.at(id).growsWithContext; });
    const std::int64_t lowerings = grows && !firstStepOnly_ ? phase.repeat : 1;
    for (std::int64_t step = 0; step < lowerings; ++step) {
      auto lowered = placer_.lower(where, index, region.ops, step, grows);
      if (!lowered) return placer_.refuse(lowered.error());
      if (!region.groups.empty() && region.groups.back().hash == lowered->hash)
        ++region.groups.back().steps;
      else
        region.groups.push_back({std::move(lowered->program), lowered->hash, step, 1});
    }
    if (!grows && !region.groups.empty()) region.groups.front().steps = phase.repeat;
    if (region.groups.empty()) return;  // a phase of zero steps
    region.count = region.groups.front().program->coversCounts()
                       ? 1
                       : phase.graph.at(region.ops.front()).count;
    addCopies(index, region);
    planned.regions.push_back(std::move(region));
  }

  void addCopies(std::size_t index, PlannedRegion& region) {
    using Why = PlannedCopy::Why;
    const ComponentIndex here = region.component();
    const PhaseFacts& facts = facts_->phases[index];
    const Graph& graph = experiment_.workload->phases[index].graph;
    const auto factsOfOp = [&](OpId id) -> const OperatorFacts& {
      return facts.ops[static_cast<std::size_t>(id)];
    };
    for (const OpId id : region.ops) {
      const Operator& op = graph.at(id);
      const OpCost& cost = factsOfOp(id).cost;
      if (hosted_ && here != onHost && !placer_.weightsResident() && cost.weights.value > 0)
        region.copy({CopyPattern::scatter, true, cost.weights},
                    region.groups.front().program->coversCounts() ? 1 : op.count, Why::weights, id,
                    onHost, here);
      const ComponentIndex kept = cost.kvWrite.value > 0 ? placer_.keptAt(index, id) : here;
      if (kept != here)
        region.copy({CopyPattern::gather, false, cost.kvWrite}, op.count, Why::cache, id, here,
                    kept);
      // What a step of training hands from phase to phase stays on the device that runs all of it.
      const PhaseKind kind = experiment_.workload->phases[index].kind;
      if (placer_.home(here) == onHost) continue;  // also programs that fetch and return themselves
      const std::vector<OpId>& producers = factsOfOp(id).producers;
      const CopyPattern pattern =
          isProduct(op.kind) ? CopyPattern::broadcast : CopyPattern::scatter;
      if (hosted_ && producers.empty() && cost.input.value > 0 &&
          (!ofTraining(kind) || kind == PhaseKind::forward))
        region.copy({pattern, true, cost.input}, 1, Why::input, id, onHost, here);
      for (const OpId producer : producers) {
        const ComponentIndex from = placer_.home(placer_.placeOf(index, producer));
        if (from == here) continue;
        if (from != onHost && !passed_.insert({index, producer, here}).second) continue;
        region.copy({pattern, true, factsOfOp(producer).cost.output},
                    std::max(op.count, graph.at(producer).count),
                    from == onHost ? Why::fromHost : Why::passed, id, from, here);
      }
      const std::vector<OpId>& consumers = factsOfOp(id).consumers;
      const bool toHost = std::any_of(consumers.begin(), consumers.end(), [&](OpId c) {
        return placer_.home(placer_.placeOf(index, c)) == onHost;
      });
      if (hosted_ && (toHost || (consumers.empty() && !ofTraining(kind))))
        region.copy({CopyPattern::gather, false, cost.output}, consumers.empty() ? 1 : op.count,
                    consumers.empty() ? Why::result : Why::toHost, id, here, onHost);
    }
  }

  const Experiment& experiment_;
  const std::shared_ptr<const WorkloadFacts> facts_;
  Plan plan_;
  Placer placer_;
  const bool hosted_;
  /// What was passed on between groups: phase, producer, to whom.
  std::set<std::tuple<std::size_t, OpId, ComponentIndex>> passed_;
  bool firstStepOnly_ = false;
};

}  // namespace

CopyRequest loadOf(Bits resident) {
  return {CopyPattern::scatter, true, Bits(toBytes(resident) * 8)};
}

const ProfileCache::Placed& placedOn(const Component& component, const Operator& op,
                                     const OperatorFacts& facts, ProfileCache& cache) {
  const Hash128 key = ProfileCache::pairKey(component.hash, facts.shape);
  if (const auto* known = cache.placed.find(key)) return *known;
  Support support = component.device->support(op);
  const bool refused = support.level == Support::Level::refused;
  const Bits resident = refused ? Bits(0) : component.device->residentBits(op);
  return cache.placed.put(key, {std::move(support), resident});
}

Plan makePlan(const Experiment& experiment, ProfileCache& cache, Detail detail) {
  return Planner(experiment, cache, detail).run();
}

Plan planOperators(const Experiment& experiment, ProfileCache& cache,
                   const std::vector<std::vector<char>>& wanted) {
  return Planner(experiment, cache, Detail::totals).only(wanted);
}

Plan makePlan(const Experiment& experiment) {
  ProfileCache cache;
  return makePlan(experiment, cache);
}

}  // namespace wattlas
