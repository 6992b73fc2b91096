#include "models/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "models/placer.h"
#include "models/plan_memory.h"

namespace wattlas {
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
    if (plan_.reasons.empty())
      planMemory(
          experiment_, *facts_,
          [this](const Operator& op, const OperatorFacts& facts, ComponentIndex where) {
            return placer_.placed(where, op, facts).resident;
          },
          [this](std::size_t phase, OpId op) { return placer_.keptAt(phase, op); }, plan_,
          [this](const std::string& reason) { placer_.refuse(reason); });
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
      region->copies.push_back({{CopyPattern::gather, false, made},
                                stages - 1,
                                PlannedCopy::Why::stage,
                                last,
                                onDevice,
                                onDevice});
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
        region.copies.push_back({{CopyPattern::scatter, true, cost.weights},
                                 region.groups.front().program->coversCounts() ? 1 : op.count,
                                 PlannedCopy::Why::weights,
                                 id,
                                 onHost,
                                 here});
      const ComponentIndex kept = cost.kvWrite.value > 0 ? placer_.keptAt(index, id) : here;
      if (kept != here)
        region.copies.push_back({{CopyPattern::gather, false, cost.kvWrite},
                                 op.count,
                                 PlannedCopy::Why::cache,
                                 id,
                                 here,
                                 kept});
      // What a step of training hands from phase to phase stays on the device that runs all of it.
      const PhaseKind kind = experiment_.workload->phases[index].kind;
      if (placer_.home(here) == onHost) continue;  // also programs that fetch and return themselves
      const std::vector<OpId>& producers = factsOfOp(id).producers;
      const CopyPattern pattern =
          isProduct(op.kind) ? CopyPattern::broadcast : CopyPattern::scatter;
      if (hosted_ && producers.empty() && cost.input.value > 0 &&
          (!ofTraining(kind) || kind == PhaseKind::forward))
        region.copies.push_back(
            {{pattern, true, cost.input}, 1, PlannedCopy::Why::input, id, onHost, here});
      for (const OpId producer : producers) {
        const ComponentIndex from = placer_.home(placer_.placeOf(index, producer));
        if (from == here) continue;
        if (from != onHost && !passed_.insert({index, producer, here}).second) continue;
        region.copies.push_back(
            {{pattern, true, factsOfOp(producer).cost.output},
             std::max(op.count, graph.at(producer).count),
             from == onHost ? PlannedCopy::Why::fromHost : PlannedCopy::Why::passed,
             id,
             from,
             here});
      }
      const std::vector<OpId>& consumers = factsOfOp(id).consumers;
      const bool toHost = std::any_of(consumers.begin(), consumers.end(), [&](OpId c) {
        return placer_.home(placer_.placeOf(index, c)) == onHost;
      });
      if (hosted_ && (toHost || (consumers.empty() && !ofTraining(kind))))
        region.copies.push_back(
            {{CopyPattern::gather, false, cost.output},
             consumers.empty() ? 1 : op.count,
             consumers.empty() ? PlannedCopy::Why::result : PlannedCopy::Why::toHost,
             id,
             here,
             onHost});
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
  if (const auto* known = cache.placed(key)) return *known;
  Support support = component.device->support(op);
  const bool refused = support.level == Support::Level::refused;
  const Bits resident = refused ? Bits(0) : component.device->residentBits(op);
  return cache.putPlaced(key, {std::move(support), resident});
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
