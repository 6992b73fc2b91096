#include "models/placer.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "models/graph_mapping.h"

namespace wattlas {
namespace {

KindSet kindsOf(const std::vector<std::string>& names) {
  KindSet kinds;
  for (const std::string& name : names)
    if (const auto kind = kindNamed(name)) kinds.add(*kind);
  return kinds;
}

/// `*` stands for any text, once.
bool fits(const std::string& pattern, const std::string& name) {
  const std::size_t star = pattern.find('*');
  if (star == std::string::npos) return pattern == name;
  const std::string before = pattern.substr(0, star), after = pattern.substr(star + 1);
  return name.size() >= before.size() + after.size() && name.starts_with(before) &&
         name.ends_with(after);
}

}  // namespace

Placer::Placer(const Experiment& experiment, const WorkloadFacts& facts, ProfileCache& cache,
               Detail detail, Plan& plan)
    : x_(experiment),
      facts_(facts),
      cache_(cache),
      detail_(detail),
      plan_(plan),
      hostKinds_(kindsOf(experiment.platform->hostOps)),
      deviceKinds_(kindsOf(experiment.platform->deviceOps)) {}

void Placer::refuse(const std::string& reason) {
  if (plan_.reasons.size() < 20 && seen_.insert(reason).second) plan_.reasons.push_back(reason);
}

void Placer::assume(const char* key, OpKind kind, const std::string& value,
                    const std::string& source) {
  if (detail_ == Detail::totals) return;
  const std::string full = std::string(key) + nameOf(kind);
  for (const Assumption& known : plan_.assumptions)
    if (known.key == full && known.value == value) return;
  plan_.assumptions.push_back({full, value, "", "", source, Basis::derived});
}

/// A group runs slices of the network only when it has a member for each.
bool Placer::fitsShard(std::size_t group) const {
  return x_.platform->groups[group].count == x_.platform->groups.front().count;
}

bool Placer::takes(ComponentIndex where, const Operator& op, const OperatorFacts& facts) {
  return placed(where, op, facts).support.level != Support::Level::refused;
}

/// The group that runs an operator which nothing puts anywhere: the first that can.
ComponentIndex Placer::groupFor(const Operator& op, const OperatorFacts& facts) {
  for (std::size_t g = 1; g < x_.platform->groups.size() && !takes(onDevice, op, facts); ++g)
    if (fitsShard(g) && takes(componentOf(g), op, facts)) return componentOf(g);
  return onDevice;
}

/// Where an operator runs that nothing puts anywhere.
ComponentIndex Placer::defaultFor(const Operator& op, const OperatorFacts& facts) {
  const ComponentIndex group = groupFor(op, facts);
  const bool hosted = x_.platform->host.device != nullptr;
  return hosted && (hostKinds_.has(op.kind) || !takes(group, op, facts)) ? onHost : group;
}

void Placer::place(std::size_t index) {
  const Phase& phase = x_.workload->phases[index];
  const PhaseFacts& facts = facts_.phases[index];
  places_.resize(std::max(places_.size(), index + 1));
  places_[index].assign(phase.graph.size(), onDevice);
  std::vector<Wish> wishes;
  for (OpId id = 0; id < static_cast<OpId>(phase.graph.size()); ++id)
    wishes.push_back(wishOf(phase, phase.graph.at(id)));
  if (std::any_of(wishes.begin(), wishes.end(), [](const Wish& w) { return w.best; }))
    findBest(index, wishes);
  for (const OpId id : facts.order) {
    const Operator& op = phase.graph.at(id);
    const auto i = static_cast<std::size_t>(id);
    const Wish& wish = wishes[i];
    const bool onGroup = wish.where && *wish.where != onHost;
    const ComponentIndex device = onGroup ? *wish.where : groupFor(op, facts.ops[i]);
    places_[index][i] = device;
    const Support& support = placed(device, op, facts.ops[i]).support;
    const bool refused = support.level == Support::Level::refused;
    if (op.kind == OpKind::collective && refused && x_.platform->groups.front().count > 1)
      continue;  // its members exchange over the links of the platform
    const bool forced = wish.where ? !onGroup : hostKinds_.has(op.kind);
    if (!refused && !forced) {
      if (support.level == Support::Level::emulated)
        assume("emulated.", op.kind, support.how, op.name);
      continue;
    }
    const bool pinned = wish.where ? onGroup : deviceKinds_.has(op.kind);
    if (!hostTakes(op, facts.ops[i], device, forced, pinned)) continue;
    places_[index][i] = onHost;
    plan_.usesHost = true;
    assume("mapping.", op.kind, "runs on the host",
           forced ? "mapped there" : part(device).device->support(op).how);
  }
  if (!ofTraining(phase.kind)) return;
  for (const OpId id : facts.order)
    if (const Operator& op = phase.graph.at(id);
        places_[index][static_cast<std::size_t>(id)] != onDevice)
      refuse(fmt::format(
          "{}: the device does not run {} in {}: {}; a step of training stays on one "
          "device",
          op.name, nameOf(op.kind), op.formats.name, part(onDevice).device->support(op).how));
}

/// Says why not.
bool Placer::hostTakes(const Operator& op, const OperatorFacts& facts, ComponentIndex device,
                       bool forced, bool pinned) {
  const bool hosted = x_.platform->host.device != nullptr;
  // Work that leaves the device has no cost at a scope that ends there.
  const bool deviceOnly = x_.run.scope < Scope::node && !forced;
  if (!deviceOnly && hosted && !pinned && takes(onHost, op, facts)) return true;
  // Asked again, since an equal operator of another name may have been asked about first.
  const std::string why =
      fmt::format("{}: the device refuses {} in {}: {}", op.name, nameOf(op.kind), op.formats.name,
                  part(device).device->support(op).how);
  if (deviceOnly)
    refuse(
        fmt::format("{}; at --scope {} nothing else can run it, --scope node lets the host do it",
                    why, nameOf(x_.run.scope)));
  else
    refuse(why + (!hosted  ? ""
                  : pinned ? "; it is mapped to the device"
                           : "; the host refuses it too"));
  return false;
}

/// The component called `where`: the platform has it.
ComponentIndex Placer::named(const std::string& what, const std::string& where) {
  const Platform& platform = *x_.platform;
  if (platform.host.device != nullptr && where == platform.host.name) return onHost;
  for (std::size_t g = 0; g < platform.groups.size(); ++g) {
    if (where != platform.groups[g].device.name) continue;
    if (!fitsShard(g))
      refuse(fmt::format(
          "mapping.place.{}: {} has {} members, but the network is cut into slices for {}", what,
          where, platform.groups[g].count, platform.groups.front().count));
    return componentOf(g);
  }
  return onDevice;  // `device`
}

/// What `mapping.place` says; the last entry that fits wins.
Placer::Wish Placer::wishOf(const Phase& phase, const Operator& op) {
  Wish wish;
  const auto& places = x_.platform->mapping.place;
  fitted_.resize(places.size(), 0);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto& [what, where] = places[i];
    const std::size_t slash = what.find('/');
    const bool ofPhase = slash != std::string::npos && what.substr(0, slash) == nameOf(phase.kind);
    const std::string pattern = ofPhase ? what.substr(slash + 1) : what;
    if (pattern != nameOf(op.kind) && !fits(pattern, op.name)) continue;
    fitted_[i] = 1;
    wish = where == "best" ? Wish{std::nullopt, true} : Wish{named(what, where), false};
  }
  return wish;
}

void Placer::sayWhatFitsNothing() {
  if (detail_ == Detail::totals) return;
  for (std::size_t i = 0; i < fitted_.size(); ++i)
    if (fitted_[i] == 0)
      plan_.assumptions.push_back({"mapping.place." + x_.platform->mapping.place[i].first,
                                   "fits no operator of this network", "", "",
                                   "names are those that `wattlas run` prints", Basis::derived});
}

/// Seconds of all instances of an operator by its closed form; infinity where it does not run.
double Placer::timeOn(ComponentIndex where, std::size_t index, OpId id) {
  const Phase& phase = x_.workload->phases[index];
  const Operator& op = phase.graph.at(id);
  const double never = std::numeric_limits<double>::infinity();
  if (!takes(where, op, facts_.phases[index].ops[static_cast<std::size_t>(id)])) return never;
  const std::int64_t step = op.growsWithContext ? phase.repeat / 2 : 0;
  const auto lowered = lower(where, index, {id}, step, op.growsWithContext);
  if (!lowered) return never;
  const Device& device = *part(where).device;
  Ticks time = device.estimate(*lowered->program).alone();
  if (where != onHost) time += device.launch().perProgram;
  return toSeconds(times(time, lowered->program->coversCounts() ? 1 : op.count)).value;
}

void Placer::findBest(std::size_t index, std::vector<Wish>& wishes) {
  const PhaseFacts& facts = facts_.phases[index];
  const Graph& graph = x_.workload->phases[index].graph;
  std::vector<ComponentIndex> places;
  for (std::size_t g = 0; g < x_.platform->groups.size(); ++g)
    if (fitsShard(g)) places.push_back(componentOf(g));
  const bool hosted = x_.platform->host.device != nullptr;
  if (hosted) places.push_back(onHost);  // at any scope: what is counted moves no operator
  const double never = std::numeric_limits<double>::infinity();
  GraphCosts costs;
  std::vector<std::size_t> position(graph.size());
  for (const OpId id : facts.order) {
    const auto i = static_cast<std::size_t>(id);
    position[i] = costs.run.size();
    const Operator& op = graph.at(id);
    const OperatorFacts& known = facts.ops[i];
    const auto seconds = [&](Bits amount, ComponentIndex from, ComponentIndex to) {
      return toSeconds(passing(amount, home(from), home(to))).value;
    };
    const ComponentIndex fixed = wishes[i].where.value_or(defaultFor(op, known));
    std::vector<double>& run = costs.run.emplace_back();
    for (const ComponentIndex where : places) {
      run.push_back(wishes[i].best || where == fixed ? timeOn(where, index, id) : never);
      if (!hosted || run.back() == never) continue;
      if (known.producers.empty()) run.back() += seconds(known.cost.input, onHost, where);
      if (known.consumers.empty()) run.back() += seconds(known.cost.output, where, onHost);
    }
    for (const OpId producer : known.producers) {
      GraphCosts::Edge edge{position[static_cast<std::size_t>(producer)], position[i], {}};
      const Bits made = facts.ops[static_cast<std::size_t>(producer)].cost.output;
      const auto copies = static_cast<double>(std::max(op.count, graph.at(producer).count));
      for (const ComponentIndex from : places) {
        edge.pass.emplace_back();
        for (const ComponentIndex to : places)
          edge.pass.back().push_back(copies * seconds(made, from, to));
      }
      costs.edges.push_back(std::move(edge));
    }
  }
  const std::vector<std::size_t> best = bestGraphMapping(costs);
  for (const OpId id : facts.order) {
    const auto i = static_cast<std::size_t>(id);
    if (wishes[i].best && costs.run[position[i]][best[position[i]]] < never)
      wishes[i].where = places[best[position[i]]];
  }
}

Ticks Placer::passing(Bits amount, ComponentIndex from, ComponentIndex to) {
  if (from == to) return {};
  if (!routes_) routes_ = std::make_unique<CopyRoutes>(*x_.platform);
  const CopyRoutes::Route& route = routes_->between(from, to);
  Ticks time;
  if (route.rate.value > 0) time = toTicks(amount * route.meeting / route.rate);
  for (const ComponentIndex end : {from, to}) {
    if (end == onHost) continue;
    const CopyCost cost = part(end).device->copy(
        {end == to ? CopyPattern::broadcast : CopyPattern::gather, end == to, amount});
    if (route.byHost) time = std::max(time, cost.latency + toTicks(cost.wire / cost.peak));
  }
  return time + route.latency;
}

ComponentIndex Placer::home(ComponentIndex where) const {
  const bool byHost = where != onHost && x_.platform->host.device != nullptr &&
                      part(where).device->info().activationsOnHost;
  return byHost ? onHost : where;
}

ComponentIndex Placer::keptAt(std::size_t phase, OpId op) const {
  if (x_.platform->mapping.place.empty()) return placeOf(phase, op);
  const std::string& name = x_.workload->phases[phase].graph.at(op).name;
  for (std::size_t later = phase + 1; later < places_.size(); ++later) {
    const Graph& graph = x_.workload->phases[later].graph;
    for (OpId other = 0; other < static_cast<OpId>(graph.size()); ++other)
      if (graph.at(other).name == name) return placeOf(later, other);
  }
  return placeOf(phase, op);
}

Expected<ProfileCache::Lowered, std::string> Placer::lower(ComponentIndex where, std::size_t index,
                                                           const std::vector<OpId>& ops,
                                                           std::int64_t step, bool grows) {
  const Component& side = part(where);
  const Phase& phase = x_.workload->phases[index];
  // A program may be used again for an equal operator of another network only where the device
  // promises that nothing else counts.
  const bool shared = ops.size() == 1 && side.device->lowersByOperator();
  Hash128 key;
  if (shared) {
    key = Hasher()
              .text("lowered")
              .add(side.hash)
              .add(facts_.phases[index].ops[static_cast<std::size_t>(ops.front())].shape)
              .integer(static_cast<int>(phase.kind))
              .integer(grows ? step : 0)
              .integer(weightsResident() ? 1 : 0)
              .finish();
    if (const auto* known = cache_.lowered.find(key)) return *known;
  }
  auto program = side.device->lower(
      {phase.graph, ops, phase.kind, step, Bits(0), {}, weightsResident(), facts_.content});
  if (!program)
    return fmt::format(
        "{} ({}): {}{}", phase.graph.at(ops.front()).name, nameOf(program.error().code),
        program.error().what,
        program.error().nearestLegal.empty() ? "" : "; " + program.error().nearestLegal);
  ProfileCache::Lowered lowered{*program, (*program)->hash(), side.device};
  if (shared) cache_.lowered.put(key, lowered);
  return lowered;
}

}  // namespace wattlas
