#include "models/simulate.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <stdexcept>

#include "models/booking.h"
#include "models/bookkeeping.h"
#include "models/plan_memory.h"

namespace wattlas {

namespace {

/// As ProfileCache::key, from hashes that are known already.
Hash128 keyOf(const Hash128& program, const Hash128& device, Fidelity fidelity) {
  return Hasher().add(program).add(device).integer(static_cast<int>(fidelity)).finish();
}

bool has(const Device& device, Fidelity fidelity) {
  const auto list = device.fidelities();
  return std::find(list.begin(), list.end(), fidelity) != list.end();
}

/// The level at which a component can run when `wanted` is asked for.
Fidelity usable(const Device& device, Fidelity wanted) {
  return has(device, wanted)                                            ? wanted
         : wanted == Fidelity::detailed && has(device, Fidelity::event) ? Fidelity::event
                                                                        : Fidelity::analytic;
}

/// One program on the platform: its profile and how long it lasts there.
struct Executed {
  const Profile* profile = nullptr;
  Ticks alone, duration;
};

class Simulation {
 public:
  Simulation(const Experiment& experiment, ProfileCache& cache, const EngineFactory& makeEngine,
             Detail detail)
      : x_(experiment),
        cache_(cache),
        makeEngine_(makeEngine),
        detail_(detail),
        tariff_(experiment),
        books_(experiment, tariff_, result_, detail) {}

  RunResult run() {
    const auto started = std::chrono::steady_clock::now();
    describeRun();
    if (!fromBooks()) {
      const Plan plan = makePlan(x_, cache_, detail_);
      takeMemory(plan.memory);
      for (const Assumption& a : plan.assumptions) books_.assume(a);
      if (plan.usesHost) result_.fidelityUsed["host"] = nameOf(hostLevel_);
      if (!plan.reasons.empty()) {
        refuse(plan.reasons);
      } else {
        try {
          execute(plan);
        } catch (const std::overflow_error& error) {
          refuse({std::string("budget: ") + error.what()});
        }
      }
    }
    result_.host.wallS =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    result_.host.rssBytes = static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
    return std::move(result_);
  }

 private:
  void describeRun() {
    result_.configHash = x_.configHash;
    result_.platform = x_.platform->id;
    result_.workload = x_.workload->id;
    result_.format = x_.workload->formats.name;
    result_.batch = x_.workload->options.batch;
    result_.seed = x_.run.seed;
    result_.fidelity = nameOf(x_.run.fidelity);
    result_.coupling = x_.run.coupling == Coupling::live ? "live" : "replayed";
    result_.scope = nameOf(x_.run.scope);
    result_.energyMode = x_.run.energyMode == EnergyMode::tdp ? "tdp" : "activity";
    result_.mapping = x_.run.mapping;
    if (detail_ == Detail::full) {
      result_.config = x_.config().toYaml();
      result_.notes = x_.workload->notes;
    }
    result_.areaMm2 = x_.platform->device.device->info().area.value;
    result_.powerWindowS = x_.platform->powerWindow.value.value;

    const bool node = x_.run.scope >= Scope::node;
    const bool host = x_.platform->host.device != nullptr;
    Includes& in = result_.includes;
    in = {x_.platform->weightLoad && node, node && host, node && host, node, node, node, true,
          x_.run.scope == Scope::wall};

    deviceLevel_ = usable(*x_.platform->device.device, x_.run.fidelity);
    if (x_.run.fidelityForced && deviceLevel_ != x_.run.fidelity)
      throw InputError(Problem{{"--fidelity", 0},
                               x_.platform->id,
                               fmt::format("has no '{}' model yet", nameOf(x_.run.fidelity)),
                               fmt::format("--fidelity {}", nameOf(deviceLevel_)),
                               "without --fidelity the result says which level was used"});
    hostLevel_ = host ? usable(*x_.platform->host.device, x_.run.fidelity) : Fidelity::analytic;
    result_.fidelityUsed["device"] = nameOf(deviceLevel_);
    if (host) {
      result_.fidelityUsed["link"] = deviceLevel_ == Fidelity::analytic ? "analytic" : "event";
    }
    if (deviceLevel_ != x_.run.fidelity)
      books_.assume({"fidelity.device", nameOf(deviceLevel_), "", "",
                     fmt::format("{} has no '{}' model yet: closed form used",
                                 x_.platform->device.device->info().kind, nameOf(x_.run.fidelity)),
                     Basis::assumption});
  }

  void takeMemory(MemoryPlan memory) {
    result_.tiers = std::move(memory.tiers);
    result_.weightsBytes = memory.weightsBytes;
    result_.peakBytes = memory.peakBytes;
    result_.capacityBytes = memory.capacityBytes;
  }

  void refuse(const std::vector<std::string>& reasons) {
    result_.feasible = false;
    result_.reasons = reasons;
    result_.operators.clear();
    result_.phases.clear();
  }

  EventEngine& engine() {
    if (!engine_) {
      if (!makeEngine_) throw std::logic_error("an event-level run needs an engine");
      engine_ = makeEngine_(*x_.platform, x_.run.fidelity);
    }
    return *engine_;
  }

  bool evented() const { return deviceLevel_ != Fidelity::analytic; }

  /// Closed form of a profile on the platform's link.
  Ticks closedForm(const Profile& profile) const {
    Ticks total;
    const double linkRate = x_.platform->link.rate.value.value;
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

  const Executed& executed(const StepGroup& group, bool onHost) {
    const Program& program = *group.program;
    const Fidelity level = onHost ? hostLevel_ : deviceLevel_;
    const Component& component = onHost ? x_.platform->host : x_.platform->device;
    const Device& device = *component.device;
    const Hash128 key = keyOf(group.hash, component.hash, level);
    const auto at = executed_.find(key);
    if (at != executed_.end()) return at->second;
    const Profile* profile = cache_.find(key);
    if (profile == nullptr && level == Fidelity::analytic && program.coversCounts()) {
      // A program of a whole network will hardly come again, and a closed form is soon made.
      profile = &estimates_.emplace_back(device.estimate(program));
    } else if (profile == nullptr) {
      const char* name = onHost ? "host" : "device";
      profile = &cache_.put(key, level == Fidelity::analytic ? device.estimate(program)
                                                             : engine().profile(name, program));
    }
    result_.host.events += profile->events;
    if (result_.host.events > x_.run.eventBudget)
      throw std::overflow_error(
          fmt::format("more than {} events (run.eventBudget)", x_.run.eventBudget));
    for (const Replication& fold : profile->replications) books_.fold(fold);
    for (const Assumption& a : profile->assumptions) books_.assume(a);
    Executed done{profile, profile->alone(), {}};
    if (onHost || !evented())
      done.duration = closedForm(*profile);
    else
      done.duration = onLink(key, [&] {
        return x_.run.coupling == Coupling::live ? engine().live("device", program)
                                                 : engine().replay(*profile);
      });
    return executed_.emplace(key, done).first->second;
  }

  /// Duration of something on the platform's link, simulated once for equal links.
  template <class Simulate>
  Ticks onLink(const Hash128& what, const Simulate& simulate) {
    const Hash128 key = Hasher()
                            .add(what)
                            .add(x_.platform->linkHash)
                            .integer(static_cast<int>(x_.run.coupling))
                            .finish();
    if (const auto known = cache_.duration(key)) return *known;
    const Ticks duration = simulate();
    cache_.putDuration(key, duration);
    return duration;
  }

  Ticks copyTime(const CopyCost& cost) {
    Profile profile;
    Segment setUp;
    setUp.local = cost.latency + toTicks(x_.platform->link.latency.value);
    Segment stream;
    stream.demands.push_back({0, cost.wire, cost.peak, 0, false});
    profile.segments = {setUp, stream};
    if (!evented()) return closedForm(profile);
    const Hash128 what = Hasher()
                             .text("copy")
                             .integer(setUp.local.ps)
                             .real(cost.wire.value)
                             .real(cost.peak.value)
                             .finish();
    return onLink(what, [&] { return engine().replay(profile); });
  }

  void execute(const Plan& plan) {
    if (result_.includes.weightLoad)
      for (const PlannedCopy& load : plan.weightLoads) books_.load(booked(load.request));
    for (const PlannedPhase& planned : plan.phases) {
      const Phase& phase = x_.workload->phases[planned.index];
      books_.beginPhase(phase);
      for (const PlannedRegion& region : planned.regions) {
        own_.push_back(booked(phase, region));
        books_.region(own_.back(), &region);
      }
      books_.endPhase();
    }
    if (engine_) result_.host.events += engine_->events();
    books_.close();
  }

  BookedLoad booked(const CopyRequest& request) {
    const CopyCost cost = x_.platform->device.device->copy(request);
    return bookLoad(tariff_, copyTime(cost), cost);
  }

  BookedRegion booked(const Phase& phase, const PlannedRegion& region) {
    const bool node = x_.run.scope >= Scope::node;
    const Device& device = region.onHost ? *x_.platform->host.device : *x_.platform->device.device;
    const LaunchCost launch = node && !region.onHost ? device.launch() : LaunchCost{};
    const std::int64_t launches =
        launch.perOperator ? static_cast<std::int64_t>(region.ops.size()) : 1;
    RegionBooker booker(tariff_, phase, region);
    for (const StepGroup& group : region.groups) {
      const Executed& done = executed(group, region.onHost);
      booker.runs(group, *done.profile, done.alone, done.duration,
                  times(launch.perProgram, launches));
    }
    if (node)
      for (const PlannedCopy& copy : region.copies) {
        const CopyCost cost = x_.platform->device.device->copy(copy.request);
        booker.copies(copyTime(cost), cost, copy.perStep);
      }
    return booker.take();
  }

  /// Books of operators may be shared where each is a region of its own whose program depends on
  /// the operator alone, and nobody asks for more than totals.
  bool sharesBooks() const {
    const auto separate = [](const Component& c) {
      return c.device == nullptr || c.device->lowersByOperator();
    };
    return detail_ == Detail::totals && separate(x_.platform->device) &&
           separate(x_.platform->host);
  }

  /// Everything about platform and run that books depend on.
  Hash128 runKey() const {
    return Hasher()
        .add(x_.platform->hash)
        .integer(static_cast<int>(deviceLevel_))
        .integer(static_cast<int>(hostLevel_))
        .integer(static_cast<int>(x_.run.coupling))
        .integer(static_cast<int>(x_.run.scope))
        .integer(static_cast<int>(x_.run.energyMode))
        .finish();
  }

  void remember(std::size_t phase, const PlannedRegion& planned, BookedRegion region) {
    const OpId id = planned.ops.front();
    const OperatorFacts& known = facts().phases[phase].ops[static_cast<std::size_t>(id)];
    BookedOperator book;
    book.region = std::move(region);
    book.host = planned.onHost;
    book.workspaceBytes = workspaceBytes(planned);
    const Operator& op = x_.workload->phases[phase].graph.at(id);
    book.resident =
        placedOn(planned.onHost ? x_.platform->host : x_.platform->device, op, known, cache_)
            .resident;
    if (result_.includes.weightLoad && !planned.onHost && known.cost.weights.value > 0)
      book.load = booked(loadOf(book.resident));
    cache_.putBooked(ProfileCache::pairKey(runKey(), known.context), std::move(book));
  }

  const WorkloadFacts& facts() {
    if (!facts_) facts_ = x_.facts ? x_.facts : factsOf(*x_.workload);
    return *facts_;
  }

  /// Books of all operators in the order in which they run; empty entries are not known yet.
  bool findBooks(std::vector<const BookedOperator*>& books) {
    const Hash128 run = runKey();
    books.clear();
    bool complete = true;
    for (const PhaseFacts& phase : facts().phases)
      for (const OpId id : phase.order) {
        const Hash128& context = phase.ops[static_cast<std::size_t>(id)].context;
        books.push_back(cache_.booked(ProfileCache::pairKey(run, context)));
        complete = complete && books.back() != nullptr;
      }
    return complete;
  }

  /// Plans and executes operators that have no book yet; false when one of them is refused.
  bool bookMissing(const std::vector<const BookedOperator*>& books) {
    std::vector<std::vector<char>> wanted;
    std::size_t next = 0;
    for (const PhaseFacts& phase : facts().phases) {
      // Decoding refuses long runs before it lowers their many steps: only a full plan does that.
      if (x_.workload->phases[wanted.size()].repeat > 10000) return false;
      wanted.emplace_back(phase.ops.size(), 0);
      for (const OpId id : phase.order)
        wanted.back()[static_cast<std::size_t>(id)] = books[next++] == nullptr ? 1 : 0;
    }
    const Plan plan = planOperators(x_, cache_, wanted);
    if (!plan.reasons.empty()) return false;
    try {
      for (const PlannedPhase& planned : plan.phases)
        for (const PlannedRegion& region : planned.regions)
          remember(planned.index, region, booked(x_.workload->phases[planned.index], region));
    } catch (const std::overflow_error&) {
      result_.host.events = 0;
      return false;
    }
    return true;
  }

  /// The whole run from books of its operators, which other runs may have made. False when that is
  /// not possible: then only a full plan knows what to say.
  bool fromBooks() {
    if (!sharesBooks()) return false;
    std::vector<const BookedOperator*> books;
    if (!findBooks(books) && !(bookMissing(books) && findBooks(books))) return false;
    const WorkloadFacts& known = facts();
    MemoryNeeds memory(x_, known);
    std::vector<const BookedLoad*> loads;
    bool usesHost = false;
    std::int64_t events = 0;
    std::size_t next = 0;
    for (std::size_t p = 0; p < known.phases.size(); ++p)
      for (const OpId id : known.phases[p].order) {
        const BookedOperator* book = books[next++];
        usesHost = usesHost || book->host;
        events += book->region.events;
        memory.workspace(book->host, book->workspaceBytes);
        if (memory.keep(p, id, book->host, book->resident) && book->load)
          loads.push_back(&*book->load);
      }
    // Equal programs were counted more than once: only a full plan knows.
    if (events > x_.run.eventBudget) return false;

    MemoryPlan plan;
    const std::vector<std::string> reasons = memory.report(plan, usesHost);
    takeMemory(std::move(plan));
    if (usesHost) result_.fidelityUsed["host"] = nameOf(hostLevel_);
    if (!reasons.empty()) {
      refuse(reasons);
      return true;
    }
    for (const BookedLoad* load : loads) books_.load(*load);
    next = 0;
    for (std::size_t p = 0; p < known.phases.size(); ++p) {
      books_.beginPhase(x_.workload->phases[p]);
      for (std::size_t i = 0; i < known.phases[p].order.size(); ++i)
        books_.region(books[next++]->region, nullptr);
      books_.endPhase();
    }
    if (engine_) result_.host.events += engine_->events();
    books_.close();
    return true;
  }

  const Experiment& x_;
  ProfileCache& cache_;
  const EngineFactory& makeEngine_;
  const Detail detail_;
  RunResult result_;
  const Tariff tariff_;
  Bookkeeping books_;
  std::deque<BookedRegion> own_;
  std::shared_ptr<const WorkloadFacts> facts_;
  std::unique_ptr<EventEngine> engine_;
  Fidelity deviceLevel_ = Fidelity::analytic, hostLevel_ = Fidelity::analytic;
  std::unordered_map<Hash128, Executed, Hash128Hasher> executed_;
  std::deque<Profile> estimates_;  ///< of programs that nobody else can use; they must not move
};

}  // namespace

RunResult simulate(const Experiment& experiment, ProfileCache& cache,
                   const EngineFactory& makeEngine, Detail detail) {
  return Simulation(experiment, cache, makeEngine, detail).run();
}

bool needsEngine(const Experiment& experiment) {
  return usable(*experiment.platform->device.device, experiment.run.fidelity) != Fidelity::analytic;
}

}  // namespace wattlas
