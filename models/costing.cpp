#include "models/costing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "models/collective.h"

namespace wattlas {
namespace {

constexpr std::size_t mostCommands = 20000;  // of a program

bool has(const Device& device, Fidelity fidelity) {
  const auto list = device.fidelities();
  return std::find(list.begin(), list.end(), fidelity) != list.end();
}

}  // namespace

Fidelity usableLevel(const Device& device, Fidelity wanted) {
  return has(device, wanted)                                            ? wanted
         : wanted == Fidelity::detailed && has(device, Fidelity::event) ? Fidelity::event
                                                                        : Fidelity::analytic;
}

Costing::Costing(const Experiment& experiment, const Tariff& tariff, ProfileCache& cache,
                 Detail detail, bool commands)
    : x_(experiment),
      tariff_(tariff),
      cache_(cache),
      detail_(detail),
      commands_(commands),
      levels_(static_cast<std::size_t>(componentOf(x_.platform->groups.size())) + 1,
              Fidelity::analytic) {
  for (const ComponentIndex c : tariff_.components())
    if (c != onLink)
      levels_[static_cast<std::size_t>(c)] =
          usableLevel(*partOf(*x_.platform, c).device, x_.run.fidelity);
}

const LiveDevice* Costing::liveDevice(ComponentIndex where) const {
  if (x_.run.coupling != Coupling::live) return nullptr;
  return dynamic_cast<const LiveDevice*>(partOf(*x_.platform, where).device.get());
}

const std::vector<MemoryTraffic>* Costing::trafficOf(const Profile& profile) const {
  const auto at = traffic_.find(&profile);
  return at == traffic_.end() ? nullptr : &at->second;
}

const dram::CommandLog* Costing::commandsOf(const Profile& profile) const {
  const auto at = told_.find(&profile);
  return at == told_.end() ? nullptr : &at->second;
}

std::shared_ptr<const LiveMemory> liveMemoryOf(const Device& device) {
  const auto* live = dynamic_cast<const LiveDevice*>(&device);
  return live == nullptr ? nullptr : live->liveMemory();
}

CostedRun Costing::run() {
  if (!fromMemory()) fromPlan();
  return std::move(out_);
}

void Costing::use(ComponentIndex component) {
  if (component == onHost) return;
  const auto at = std::lower_bound(out_.groups.begin(), out_.groups.end(), component);
  if (at == out_.groups.end() || *at != component) out_.groups.insert(at, component);
}

void Costing::fromPlan() {
  plan_ = makePlan(x_, cache_, detail_);
  out_.memory = std::move(plan_.memory);
  out_.assumptions = std::move(plan_.assumptions);
  out_.usesHost = plan_.usesHost;
  out_.reasons = std::move(plan_.reasons);
  if (!out_.reasons.empty()) return;
  try {
    if (x_.platform->weightLoad && x_.run.scope >= Scope::node)
      for (const PlannedCopy& load : plan_.weightLoads)
        out_.loads.push_back(&loads_.emplace_back(booked(load)));
    for (const PlannedPhase& planned : plan_.phases)
      for (const PlannedRegion& region : planned.regions) use(region.component());
    for (const PlannedPhase& planned : plan_.phases) {
      CostedPhase& phase = out_.phases.emplace_back();
      phase.index = planned.index;
      for (const PlannedRegion& region : planned.regions) {
        regions_.push_back(booked(x_.workload->phases[planned.index], region));
        phase.regions.push_back({&regions_.back(), &region});
      }
    }
  } catch (const std::overflow_error& error) {
    out_.reasons = {std::string("budget: ") + error.what()};
  }
}

Ticks Costing::closedForm(const Profile& profile, ComponentIndex where) const {
  Ticks total;
  double linkRate = x_.platform->link.rate.value.value;
  if (where > onLink && x_.platform->host.device != nullptr)
    linkRate = routes().between(onHost, where).rate.value;
  for (const Segment& segment : profile.segments) {
    Ticks longest = segment.local;
    for (const Demand& d : segment.demands) {
      const double rate = linkRate > 0 ? std::min(d.peak.value, linkRate) : d.peak.value;
      longest = std::max(longest, toTicks(d.amount / BitRate(rate)));
    }
    total += times(longest, segment.repeat);
  }
  return total;
}

const Costing::Executed& Costing::executed(const StepGroup& group, ComponentIndex where) {
  const Program& program = *group.program;
  const Fidelity level = this->level(where);
  const Component& component = partOf(*x_.platform, where);
  const Device& device = *component.device;
  const Hash128 key = ProfileCache::key(group.hash, component.hash, level);
  const auto at = executed_.find(key);
  if (at != executed_.end()) return at->second;
  const Profile* profile = cache_.find(key);
  if (profile == nullptr && level == Fidelity::analytic && program.coversCounts())
    // A program of a whole network will hardly come again, and a closed form is soon made.
    profile = &estimates_.emplace_back(device.estimate(program));
  else if (profile == nullptr && level == Fidelity::analytic)
    profile = &cache_.put(key, device.estimate(program));
  else if (level != Fidelity::analytic && (profile == nullptr || commands_)) {
    const auto* banks = commands_ ? dynamic_cast<const BankDevice*>(&device) : nullptr;
    dram::CommandLog told(mostCommands);
    profile = &cache_.put(key, banks != nullptr ? banks->simulateInto(told, program, level)
                                                : device.simulate(program, level));
    if (!told.records().empty()) told_.emplace(profile, std::move(told));
  }
  out_.events += profile->events;
  if (out_.events > x_.run.eventBudget)
    throw std::overflow_error(
        fmt::format("more than {} events (run.eventBudget)", x_.run.eventBudget));
  if (detail_ == Detail::full) {
    out_.replications.insert(out_.replications.end(), profile->replications.begin(),
                             profile->replications.end());
    out_.assumptions.insert(out_.assumptions.end(), profile->assumptions.begin(),
                            profile->assumptions.end());
  }
  if (const LiveDevice* live = liveDevice(where))
    traffic_.emplace(profile, live->memoryTraffic(program));
  return executed_.emplace(key, Executed{profile, profile->alone(), closedForm(*profile, where)})
      .first->second;
}

/// A copy as both of its ends and the way between them allow.
Costing::Copied Costing::copied(const PlannedCopy& copy) const {
  if (copy.why == PlannedCopy::Why::stage) return passedOn(copy.request.amount);
  const CopyRoutes::Route& route = routes().between(copy.from, copy.to);
  const bool result = copy.why == PlannedCopy::Why::result;
  Copied out;
  CopyPart& part = out.part;
  // What a later region needs is sent by the one that made it.
  part.before =
      !result && copy.why != PlannedCopy::Why::toHost && copy.why != PlannedCopy::Why::cache;
  part.prefetch = copy.why == PlannedCopy::Why::weights || copy.why == PlannedCopy::Why::input;
  part.awaited = !result && copy.why != PlannedCopy::Why::cache;
  part.route = route.index;
  part.lead = route.latency;
  part.peak = BitRate(1e300);
  std::int64_t members = 1;
  for (const ComponentIndex end : {copy.from, copy.to}) {
    if (end == onHost) continue;
    CopyRequest request = copy.request;
    if (request.toDevice != (end == copy.to))
      request = {end == copy.to ? CopyPattern::scatter : CopyPattern::gather, end == copy.to,
                 request.amount};
    const CopyCost cost = partOf(*x_.platform, end).device->copy(request);
    part.wire = std::max(part.wire, cost.wire);
    // A link among devices has neither the host's calls nor the width of the port to it.
    if (route.byHost) {
      part.lead += cost.latency;
      part.peak = std::min(part.peak, cost.peak);
    }
    // Any member can return what all of them have.
    const auto sharing = result ? std::int64_t{1} : static_cast<std::int64_t>(tariff_.members(end));
    members = std::max(members, sharing);
    out.charge.ends.emplace_back(end, EnergyCounts{}).second.add(cost.energy, sharing);
  }
  for (const auto& [link, hops] : route.hops)
    out.charge.links.add(link, std::llround(part.wire.value * static_cast<double>(members * hops)));
  if (!result) part.wire = part.wire * route.meeting;
  part.alone =
      part.lead +
      toTicks(part.wire / (route.rate.value > 0 ? std::min(part.peak, route.rate) : part.peak));
  return out;
}

/// What members of one stage of a pipeline pass on to those of the next.
Costing::Copied Costing::passedOn(Bits amount) const {
  const CopyRoutes::Route& route = routes().toNextStage(0);
  Copied out;
  CopyPart& part = out.part;
  part.before = false;
  part.passesStages = true;
  part.lead = route.latency;
  part.wire = amount * route.meeting;
  part.peak = route.rate;
  part.alone = part.lead + toTicks(part.wire / part.peak);
  for (const auto& [link, hops] : route.hops)
    out.charge.links.add(
        link, std::llround(amount.value * tariff_.members(onDevice) * static_cast<double>(hops)));
  return out;
}

BookedLoad Costing::booked(const PlannedCopy& load) const {
  const Copied copy = copied(load);
  return bookLoad(tariff_, copy.part, copy.charge);
}

BookedRegion Costing::exchanged(const Phase& phase, const PlannedRegion& region) {
  if (!network_) network_ = std::make_unique<Network>(*x_.platform);
  const Operator& op = phase.graph.at(region.ops.front());
  const std::int64_t members = op.dims[Dim::groups];
  const std::int64_t teams =
      static_cast<std::int64_t>(tariff_.members(region.component())) / members;
  CollectiveSpec spec;
  spec.operation = op.variant == OpVariant::allGather       ? "allGather"
                   : op.variant == OpVariant::reduceScatter ? "reduceScatter"
                   : op.variant == OpVariant::allToAll      ? "allToAll"
                                                            : "allReduce";
  spec.algorithm = "ring";
  spec.amount = costOf(op).output;
  for (std::int64_t m = 0; m < members; ++m)
    spec.members.push_back(network_->seat(region.group, m));
  // One member stands for all: rounds of a ring, each of them one transfer of a member.
  const Network::Route* route = network_->route(spec.members[0], spec.members[1]);
  if (route == nullptr)
    throw InputError(
        "no link joins the members of " + x_.platform->groups[region.group].device.name,
        "a link whose `joins` names the group");
  const double n = static_cast<double>(members);
  CopyPart part;
  part.route = routes().neighbour();
  part.lead = route->latency;
  // Where all members share one section, each waits for all.
  part.wire = spec.amount / n * (foldable(spec, *network_) ? 1.0 : n);
  part.peak = network_->resources().channels[static_cast<std::size_t>(route->channels[0])].rate;
  part.alone = part.lead + toTicks(part.wire / part.peak);
  const std::int64_t rounds = (spec.operation == "allReduce" ? 2 : 1) * (members - 1);
  double bits = 0;
  for (const auto& [link, hops] : route->hops)
    bits += spec.amount.value * static_cast<double>(rounds * hops * teams);
  RegionBooker booker(tariff_, phase, region);
  booker.exchange(part, rounds, route->hops.front().first, bits);
  return booker.take();
}

BookedRegion Costing::booked(const Phase& phase, const PlannedRegion& region) {
  if (region.exchange) return exchanged(phase, region);
  const bool node = x_.run.scope >= Scope::node;
  const ComponentIndex where = region.component();
  const Device& device = *partOf(*x_.platform, where).device;
  const LaunchCost launch = node && !region.onHost ? device.launch() : LaunchCost{};
  const std::int64_t launches =
      launch.perOperator ? static_cast<std::int64_t>(region.ops.size()) : 1;
  RegionBooker booker(tariff_, phase, region);
  for (const StepGroup& group : region.groups) {
    const Executed& done = executed(group, where);
    booker.runs(group, *done.profile, done.alone, done.duration,
                times(launch.perProgram, launches));
  }
  if (node)
    for (const PlannedCopy& copy : region.copies) {
      const Copied made = copied(copy);
      booker.copies(made.part, made.charge, copy.perStep);
    }
  return booker.take();
}

/// Costs of operators may be shared where each is a region of its own whose program depends on
/// the operator alone, and nobody asks for more than totals.
bool Costing::shares() const {
  const auto separate = [](const Component& c) {
    return c.device == nullptr || c.device->lowersByOperator();
  };
  return detail_ == Detail::totals && x_.platform->groups.size() == 1 &&
         x_.platform->groups.front().count == 1 && x_.platform->mapping.place.empty() &&
         !x_.platform->mapping.overlapped && x_.run.coupling == Coupling::replayed &&
         separate(x_.platform->device) && separate(x_.platform->host);
}

/// Everything about platform and run that costs depend on.
Hash128 Costing::runKey() const {
  return Hasher()
      .add(x_.platform->hash)
      .integer(static_cast<int>(level(onDevice)))
      .integer(static_cast<int>(level(onHost)))
      .integer(static_cast<int>(x_.run.scope))
      .integer(static_cast<int>(x_.run.energyMode))
      .finish();
}

void Costing::remember(std::size_t phase, const PlannedRegion& planned, BookedRegion region) {
  const OpId id = planned.ops.front();
  const OperatorFacts& known = facts().phases[phase].ops[static_cast<std::size_t>(id)];
  BookedOperator book;
  book.region = std::move(region);
  book.workspaceBytes = workspaceBytes(planned);
  const Operator& op = x_.workload->phases[phase].graph.at(id);
  book.resident = placedOn(partOf(*x_.platform, planned.component()), op, known, cache_).resident;
  const bool loads = x_.platform->weightLoad && x_.run.scope >= Scope::node;
  if (loads && !planned.onHost && known.cost.weights.value > 0)
    book.load = booked(PlannedCopy{loadOf(book.resident)});
  cache_.booked.put(ProfileCache::pairKey(runKey(), known.context), std::move(book));
}

const WorkloadFacts& Costing::facts() {
  if (!facts_) facts_ = x_.facts ? x_.facts : factsOf(*x_.workload);
  return *facts_;
}

/// Costs of all operators in the order in which they run; empty entries are not known yet.
bool Costing::findKnown(std::vector<const BookedOperator*>& known) {
  const Hash128 run = runKey();
  known.clear();
  bool complete = true;
  for (const PhaseFacts& phase : facts().phases)
    for (const OpId id : phase.order) {
      const Hash128& context = phase.ops[static_cast<std::size_t>(id)].context;
      known.push_back(cache_.booked.find(ProfileCache::pairKey(run, context)));
      complete = complete && known.back() != nullptr;
    }
  return complete;
}

/// Plans and costs operators that are not known yet; false when one of them is refused.
bool Costing::costMissing(const std::vector<const BookedOperator*>& known) {
  std::vector<std::vector<char>> wanted;
  std::size_t next = 0;
  for (const PhaseFacts& phase : facts().phases) {
    // Decoding refuses long runs before it lowers their many steps: only a full plan does that.
    if (x_.workload->phases[wanted.size()].repeat > 10000) return false;
    wanted.emplace_back(phase.ops.size(), 0);
    for (const OpId id : phase.order)
      wanted.back()[static_cast<std::size_t>(id)] = known[next++] == nullptr ? 1 : 0;
  }
  const Plan plan = planOperators(x_, cache_, wanted);
  if (!plan.reasons.empty()) return false;
  try {
    for (const PlannedPhase& planned : plan.phases)
      for (const PlannedRegion& region : planned.regions)
        remember(planned.index, region, booked(x_.workload->phases[planned.index], region));
  } catch (const std::overflow_error&) {
    out_ = {};
    return false;
  }
  return true;
}

/// The whole run from costs of its operators, which other runs may have asked for. False when that
/// is not possible: then only a full plan knows what to say.
bool Costing::fromMemory() {
  if (!shares()) return false;
  std::vector<const BookedOperator*> known;
  if (!findKnown(known) && !(costMissing(known) && findKnown(known))) return false;
  MemoryNeeds memory(x_, facts());
  std::int64_t events = 0;
  std::size_t next = 0;
  const auto& phases = facts().phases;
  for (std::size_t p = 0; p < phases.size(); ++p) {
    CostedPhase& phase = out_.phases.emplace_back();
    phase.index = p;
    phase.regions.reserve(phases[p].order.size());
    for (const OpId id : phases[p].order) {
      const BookedOperator* book = known[next++];
      const ComponentIndex where = book->region.component;
      out_.usesHost = out_.usesHost || where == onHost;
      use(where);
      events += book->region.events;
      memory.workspace(where, book->workspaceBytes);
      if (memory.keep(p, id, where, book->resident) && book->load)
        out_.loads.push_back(&*book->load);
      phase.regions.push_back({&book->region, nullptr});
    }
  }
  // Equal programs were counted more than once: only a full plan knows.
  if (events > x_.run.eventBudget) {
    out_ = {};
    return false;
  }
  out_.reasons = memory.report(out_.memory, out_.usesHost);
  return true;
}

}  // namespace wattlas
