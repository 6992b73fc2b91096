#include "models/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "models/plan_memory.h"

namespace wattlas {
namespace {

class Planner {
 public:
  Planner(const Experiment& experiment, ProfileCache& cache, Detail detail)
      : experiment_(experiment),
        cache_(cache),
        detail_(detail),
        facts_(experiment.facts ? experiment.facts : factsOf(*experiment.workload)),
        device_(experiment.platform->device),
        host_(experiment.platform->host),
        hostKinds_(kindsOf(experiment.platform->hostOps)),
        deviceKinds_(kindsOf(experiment.platform->deviceOps)) {}

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
      firstStepOnly_ = false;
    }
    planAll();
    return std::move(plan_);
  }

  Plan only(const std::vector<std::vector<char>>& wanted) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      place(experiment_.workload->phases[i], facts_->phases[i]);
      if (!plan_.reasons.empty()) break;
      PlannedPhase planned;
      planned.index = i;
      for (const OpId id : facts_->phases[i].order)
        if (wanted[i][static_cast<std::size_t>(id)] != 0)
          planRegion(experiment_.workload->phases[i], facts_->phases[i], {id}, onHost(id), planned);
      plan_.phases.push_back(std::move(planned));
    }
    return std::move(plan_);
  }

 private:
  static KindSet kindsOf(const std::vector<std::string>& names) {
    KindSet kinds;
    for (const std::string& name : names)
      if (const auto kind = kindNamed(name)) kinds.add(*kind);
    return kinds;
  }

  void planAll() {
    for (std::size_t i = 0; i < experiment_.workload->phases.size(); ++i) planPhase(i);
    if (plan_.reasons.empty())
      planMemory(
          experiment_, *facts_,
          [this](const Operator& op, const OperatorFacts& facts, bool host) {
            return placed(host ? host_ : device_, op, facts).resident;
          },
          plan_, [this](const std::string& reason) { refuse(reason); });
  }

  void refuse(const std::string& reason) {
    if (plan_.reasons.size() < 20 && seen_.insert(reason).second) plan_.reasons.push_back(reason);
  }

  const ProfileCache::Placed& placed(const Component& side, const Operator& op,
                                     const OperatorFacts& facts) {
    return placedOn(side, op, facts, cache_);
  }

  void place(const Phase& phase, const PhaseFacts& facts) {
    onHost_.assign(phase.graph.size(), 0);
    for (const OpId id : facts.order) {
      const Operator& op = phase.graph.at(id);
      const auto i = static_cast<std::size_t>(id);
      const Support& onDevice = placed(device_, op, facts.ops[i]).support;
      if (op.kind == OpKind::collective && onDevice.level == Support::Level::refused &&
          experiment_.platform->groups.front().count > 1)
        continue;  // its members exchange over the links of the platform
      const Place mapped = placeOf(phase, op);
      const bool forced =
          mapped == Place::host || (mapped == Place::free && hostKinds_.has(op.kind));
      if (onDevice.level != Support::Level::refused && !forced) {
        if (onDevice.level == Support::Level::emulated)
          assume("emulated.", op.kind, onDevice.how, op.name);
        continue;
      }
      const bool pinned =
          mapped == Place::device || (mapped == Place::free && deviceKinds_.has(op.kind));
      // Work that leaves the device has no cost at a scope that ends there.
      const bool deviceOnly = experiment_.run.scope < Scope::node && !forced;
      if (deviceOnly) {
        refuse(
            fmt::format("{}: the device refuses {} in {}: {}; at --scope {} nothing else can "
                        "run it, --scope node lets the host do it",
                        op.name, nameOf(op.kind), op.formats.name, device_.device->support(op).how,
                        nameOf(experiment_.run.scope)));
        continue;
      }
      const bool hostCan = host_.device != nullptr && !pinned &&
                           placed(host_, op, facts.ops[i]).support.level != Support::Level::refused;
      if (!hostCan) {
        // Asked again, since an equal operator of another name may have been asked about first.
        refuse(fmt::format("{}: the device refuses {} in {}: {}{}", op.name, nameOf(op.kind),
                           op.formats.name, device_.device->support(op).how,
                           host_.device == nullptr ? ""
                           : pinned                ? "; it is mapped to the device"
                                                   : "; the host refuses it too"));
        continue;
      }
      onHost_[i] = 1;
      plan_.usesHost = true;
      assume("mapping.", op.kind, "runs on the host",
             forced ? "mapped there" : device_.device->support(op).how);
    }
  }

  enum class Place { free, device, host };
  /// What `mapping.place` says; the last entry that fits wins.
  Place placeOf(const Phase& phase, const Operator& op) {
    Place place = Place::free;
    for (const auto& [what, where] : experiment_.platform->mapping.place) {
      const std::size_t slash = what.find('/');
      const bool ofPhase =
          slash != std::string::npos && what.substr(0, slash) == nameOf(phase.kind);
      const std::string pattern = ofPhase ? what.substr(slash + 1) : what;
      if (pattern != nameOf(op.kind) && !fits(pattern, op.name)) continue;
      if (where == host_.name && host_.device != nullptr)
        place = Place::host;
      else if (where == device_.name || where == "device")
        place = Place::device;
      else
        refuse("mapping.place." + what + ": '" + where + "' is neither " + device_.name +
               " nor the host");
    }
    return place;
  }
  /// `*` stands for any text, once.
  static bool fits(const std::string& pattern, const std::string& name) {
    const std::size_t star = pattern.find('*');
    if (star == std::string::npos) return pattern == name;
    const std::string before = pattern.substr(0, star), after = pattern.substr(star + 1);
    return name.size() >= before.size() + after.size() && name.starts_with(before) &&
           name.ends_with(after);
  }

  void assume(const char* key, OpKind kind, const std::string& value, const std::string& source) {
    if (detail_ == Detail::totals) return;
    const std::string full = std::string(key) + nameOf(kind);
    for (const Assumption& known : plan_.assumptions)
      if (known.key == full && known.value == value) return;
    plan_.assumptions.push_back({full, value, "", "", source, Basis::derived});
  }

  bool onHost(OpId id) const { return onHost_[static_cast<std::size_t>(id)] != 0; }

  void planPhase(std::size_t index) {
    const Phase& phase = experiment_.workload->phases[index];
    const PhaseFacts& facts = facts_->phases[index];
    place(phase, facts);
    if (!plan_.reasons.empty()) return;
    PlannedPhase planned;
    planned.index = index;
    planned.regions.reserve(facts.order.size());
    std::vector<OpId> run;
    const auto flush = [&] {
      if (run.empty()) return;
      const bool host = onHost(run.front());
      const Device& device = host ? *host_.device : *device_.device;
      for (std::vector<OpId>& ops : device.partition(phase.graph, run))
        planRegion(phase, facts, std::move(ops), host, planned);
      run.clear();
    };
    for (const OpId id : facts.order) {
      if (!run.empty() && onHost(run.front()) != onHost(id)) flush();
      run.push_back(id);
    }
    flush();
    plan_.phases.push_back(std::move(planned));
  }

  /// Lowers a region at a step, or says why not.
  std::optional<ProfileCache::Lowered> lower(const Component& side, const Phase& phase,
                                             const PhaseFacts& facts, const std::vector<OpId>& ops,
                                             std::int64_t step, bool grows) {
    // A program may be used again for an equal operator of another network only where the device
    // promises that nothing else counts.
    const bool shared = ops.size() == 1 && side.device->lowersByOperator();
    Hash128 key;
    if (shared) {
      key = Hasher()
                .text("lowered")
                .add(side.hash)
                .add(facts.ops[static_cast<std::size_t>(ops.front())].shape)
                .integer(static_cast<int>(phase.kind))
                .integer(grows ? step : 0)
                .integer(resident() ? 1 : 0)
                .finish();
      if (const auto* known = cache_.lowered(key)) return *known;
    }
    auto program = side.device->lower(
        {phase.graph, ops, phase.kind, step, Bits(0), {}, resident(), facts_->content});
    if (!program) {
      refuse(fmt::format(
          "{} ({}): {}{}", phase.graph.at(ops.front()).name, nameOf(program.error().code),
          program.error().what,
          program.error().nearestLegal.empty() ? "" : "; " + program.error().nearestLegal));
      return std::nullopt;
    }
    ProfileCache::Lowered lowered{*program, (*program)->hash(), side.device};
    if (shared) cache_.putLowered(key, lowered);
    return lowered;
  }

  void planRegion(const Phase& phase, const PhaseFacts& facts, std::vector<OpId> ops, bool host,
                  PlannedPhase& planned) {
    PlannedRegion region;
    region.ops = std::move(ops);
    region.onHost = host;
    const Operator& only = phase.graph.at(region.ops.front());
    if (!host && only.kind == OpKind::collective &&
        placed(device_, only, facts.ops[static_cast<std::size_t>(region.ops.front())])
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
      auto lowered = lower(host ? host_ : device_, phase, facts, region.ops, step, grows);
      if (!lowered) return;
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
    addCopies(phase, facts, region);
    planned.regions.push_back(std::move(region));
  }

  bool resident() const { return experiment_.platform->residency == "resident"; }

  void addCopies(const Phase& phase, const PhaseFacts& facts, PlannedRegion& region) {
    if (host_.device == nullptr || region.onHost) return;
    const Graph& graph = phase.graph;
    const auto factsOfOp = [&](OpId id) -> const OperatorFacts& {
      return facts.ops[static_cast<std::size_t>(id)];
    };
    for (const OpId id : region.ops) {
      const Operator& op = graph.at(id);
      const OpCost& cost = factsOfOp(id).cost;
      if (!resident() && cost.weights.value > 0)
        region.copies.push_back({{CopyPattern::scatter, true, cost.weights},
                                 region.groups.front().program->coversCounts() ? 1 : op.count,
                                 PlannedCopy::Why::weights,
                                 id});
      if (device_.device->info().activationsOnHost) continue;
      const std::vector<OpId>& producers = factsOfOp(id).producers;
      const CopyPattern pattern =
          isProduct(op.kind) ? CopyPattern::broadcast : CopyPattern::scatter;
      if (producers.empty() && cost.input.value > 0)
        region.copies.push_back({{pattern, true, cost.input}, 1, PlannedCopy::Why::input, id});
      for (const OpId producer : producers)
        if (onHost(producer))
          region.copies.push_back({{pattern, true, factsOfOp(producer).cost.output},
                                   std::max(op.count, graph.at(producer).count),
                                   PlannedCopy::Why::fromHost,
                                   id});
      const std::vector<OpId>& consumers = factsOfOp(id).consumers;
      const bool toHost =
          std::any_of(consumers.begin(), consumers.end(), [&](OpId c) { return onHost(c); });
      if (toHost || consumers.empty())
        region.copies.push_back(
            {{CopyPattern::gather, false, cost.output},
             consumers.empty() ? 1 : op.count,
             consumers.empty() ? PlannedCopy::Why::result : PlannedCopy::Why::toHost,
             id});
    }
  }

  const Experiment& experiment_;
  ProfileCache& cache_;
  const Detail detail_;
  const std::shared_ptr<const WorkloadFacts> facts_;
  const Component &device_, &host_;
  const KindSet hostKinds_, deviceKinds_;
  std::vector<char> onHost_;  ///< of the current phase, by OpId
  std::set<std::string> seen_;
  bool firstStepOnly_ = false;
  Plan plan_;
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
