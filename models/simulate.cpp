#include "models/simulate.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <stdexcept>

#include "models/bookkeeping.h"
#include "models/dispatcher.h"
#include "models/live_run.h"
#include "models/network.h"
#include "models/run_graph.h"
#include "models/run_report.h"

namespace wattlas {
namespace {

class Simulation {
 public:
  Simulation(const Experiment& experiment, ProfileCache& cache, const SimulatorSource& simulator,
             Detail detail, dram::CommandLog* commands)
      : x_(experiment),
        simulator_(simulator),
        detail_(detail),
        commands_(commands),
        tariff_(experiment),
        books_(experiment, tariff_, result_, detail),
        costing_(experiment, tariff_, cache, detail, commands != nullptr) {}

  RunResult run() {
    const auto started = std::chrono::steady_clock::now();
    describeRun();
    if (x_.tasks)
      runTasks();
    else
      runNetwork();
    result_.host.wallS =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    if (detail_ == Detail::full) {
      rusage usage{};
      getrusage(RUSAGE_SELF, &usage);
      result_.host.rssBytes = static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
    }
    return std::move(result_);
  }

 private:
  void runTasks() {
    const Network network(*x_.platform);
    const TaskPlan plan = planTasks(*x_.tasks, *x_.platform, network);
    const Schedule schedule = scheduleOf(plan.graph, network.resources());
    result_.host.events = schedule.events;
    for (const Replication& fold : plan.replications) books_.fold(fold);
    books_.tasks(plan, schedule);
    for (std::size_t s = 0; s < schedule.seats.size(); ++s) {
      const auto seat = static_cast<SeatId>(s);
      const std::size_t group = network.groupOf(seat);
      const bool alike = plan.folded.count(group) != 0;  // the first member stands for all
      books_.busy(seat == network.host() ? onHost : componentOf(group), schedule.seats[s].busy,
                  alike ? static_cast<double>(x_.platform->groups[group].count) : 1.0);
    }
    report(plan.graph, network.resources(), schedule,
           [&](const Task& task) { return plan.rows[static_cast<std::size_t>(task.owner)].name; });
    books_.close();
  }

  void runNetwork() {
    const CostedRun costed = costing_.run();
    result_.host.events = costed.events;
    result_.tiers = costed.memory.tiers;
    result_.weightsBytes = costed.memory.weightsBytes;
    result_.peakBytes = costed.memory.peakBytes;
    result_.capacityBytes = costed.memory.capacityBytes;
    for (const Assumption& a : costed.assumptions) books_.assume(a);
    for (const Replication& fold : costed.replications) books_.fold(fold);
    if (costed.usesHost) result_.fidelityUsed["host"] = nameOf(costing_.level(onHost));
    for (const ComponentIndex c : costed.groups) {
      const DeviceGroup& group = x_.platform->groups[groupOf(c)];
      if (c != onDevice) result_.fidelityUsed[group.device.name] = nameOf(costing_.level(c));
      if (group.count > 1)
        books_.fold({ReplicationKind::symmetry, group.count,
                     fmt::format("{} members of {}", group.count, group.device.name), howShared()});
    }
    if (costed.reasons.empty())
      account(costed);
    else
      refuse(costed.reasons);
  }

  std::string howShared() const {
    const Mapping& m = x_.platform->mapping;
    std::string how;
    const auto say = [&](std::int64_t n, const char* what) {
      if (n > 1) how += fmt::format("{}{} {}", how.empty() ? "" : ", ", n, what);
    };
    say(m.data, "parts of the batch");
    say(m.pipeline, "stages of layers");
    say(m.expert, "parts of the experts, evenly used");
    say(m.tensor, "equal slices of every tensor, in step; collectives take all of them");
    return how;
  }

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
    bool known = true;  // of every group, or of none
    for (const DeviceGroup& group : x_.platform->groups) {
      const double each = group.device.device->info().area.value;
      known = known && each > 0;
      result_.areaMm2 += each * static_cast<double>(group.count);
    }
    if (!known) result_.areaMm2 = 0;
    result_.powerWindowS = x_.platform->powerWindow.value.value;

    const bool node = x_.run.scope >= Scope::node;
    const bool host = x_.platform->host.device != nullptr;
    Includes& in = result_.includes;
    in = {x_.platform->weightLoad && node, node && host, node && host, node, node, node, true,
          x_.run.scope == Scope::wall};

    const Fidelity level = x_.tasks ? x_.run.fidelity : costing_.level(onDevice);
    if (x_.run.fidelityForced && level != x_.run.fidelity)
      throw InputError({"--fidelity", 0}, x_.platform->id,
                       fmt::format("has no '{}' model yet", nameOf(x_.run.fidelity)),
                       fmt::format("--fidelity {}", nameOf(level)),
                       "without --fidelity the result says which level was used");
    if (x_.run.coupling == Coupling::live) checkLive(level);
    result_.fidelityUsed["device"] = nameOf(level);
    if (host) {
      result_.fidelityUsed["link"] = level == Fidelity::analytic ? "analytic" : "event";
    }
    if (level != x_.run.fidelity)
      books_.assume({"fidelity.device", nameOf(level), "", "",
                     fmt::format("{} has no '{}' model yet: closed form used",
                                 x_.platform->device.device->info().kind, nameOf(x_.run.fidelity)),
                     Basis::assumption});
  }

  void checkLive(Fidelity level) const {
    const auto& groups = x_.platform->groups;
    const bool known = std::any_of(groups.begin(), groups.end(), [](const DeviceGroup& group) {
      return liveMemoryOf(*group.device.device) != nullptr;
    });
    std::string what;
    if (x_.tasks)
      what = "a workload of tasks says nothing of memories";
    else if (level == Fidelity::analytic)
      what = "a closed form simulates no memory";
    else if (!known)
      what = "no device of " + x_.platform->id + " has a memory that the DRAM engine simulates";
    else if (x_.platform->mapping.pipeline > 1)
      what = "stages of a pipeline are played from profiles";
    if (what.empty()) return;
    throw InputError({"run.coupling", 0}, "live", what, "run.coupling=replayed",
                     "PIM-AI platforms can, at --fidelity event");
  }

  LiveTraffic liveTraffic(const CostedRun& costed, const TaskGraph& graph,
                          const std::vector<const PlannedCopy*>& copies) const {
    const CopyRoutes& routes = costing_.routes();
    LiveTraffic live;
    live.commands = commands_;
    live.memories.resize(routes.resources().seats.size());
    const auto memoryOf = [&](ComponentIndex c) -> std::shared_ptr<const LiveMemory>& {
      return live.memories[static_cast<std::size_t>(routes.seat(c))];
    };
    for (const ComponentIndex c : costed.groups)
      if (const LiveDevice* device = costing_.liveDevice(c)) memoryOf(c) = device->liveMemory();
    live.tasks.resize(graph.tasks.size());
    for (std::size_t t = 0; t < graph.tasks.size(); ++t) {
      if (const Profile* profile = graph.tasks[t].profile) {
        if (live.memories[static_cast<std::size_t>(graph.tasks[t].seat)])
          live.tasks[t].program = costing_.trafficOf(*profile);
        continue;
      }
      if (t >= copies.size() || copies[t] == nullptr) continue;
      const auto end = [&](ComponentIndex c) {
        const LiveDevice* device = c == onHost ? nullptr : costing_.liveDevice(c);
        return device == nullptr || !memoryOf(c)
                   ? LiveTraffic::End{}
                   : LiveTraffic::End{routes.seat(c), device->memoryTraffic(copies[t]->request)};
      };
      live.tasks[t].source = end(copies[t]->from);
      live.tasks[t].target = end(copies[t]->to);
    }
    return live;
  }

  void refuse(const std::vector<std::string>& reasons) {
    result_.feasible = false;
    result_.reasons = reasons;
    result_.operators.clear();
    result_.phases.clear();
  }

  bool evented() const {
    return x_.tasks ? x_.run.fidelity != Fidelity::analytic
                    : costing_.level(onDevice) != Fidelity::analytic;
  }

  Schedule scheduleOf(const TaskGraph& graph, const Resources& resources) {
    if (!evented()) return listSchedule(graph, resources);
    if (!simulator_) throw std::logic_error("an event-level run needs a simulator");
    return simulator_().run(graph, resources);
  }

  Schedule playLive(const TaskGraph& graph, const Resources& resources, LiveTraffic& live) {
    auto* simulator = simulator_ ? dynamic_cast<LiveSimulator*>(&simulator_()) : nullptr;
    if (simulator == nullptr) throw std::logic_error("a live run needs a simulator of memories");
    return simulator->run(graph, resources, live);
  }

  void account(const CostedRun& costed) {
    const Platform& p = *x_.platform;
    if (detail_ == Detail::totals && !evented() && p.domains.empty() && !p.mapping.overlapped &&
        p.mapping.pipeline == 1)
      return addUp(costed);
    std::vector<const PlannedCopy*> copies;
    const TaskGraph graph = x_.platform->mapping.pipeline > 1
                                ? pipelineGraph(costed, costing_.routes(), x_)
                                : runGraph(costed, costing_.routes(), x_, &copies);
    const Resources& resources = costing_.routes().resources();
    std::optional<LiveTraffic> live;
    if (x_.run.coupling == Coupling::live) live = liveTraffic(costed, graph, copies);
    const double requests = live ? live->requests(graph) : 0;
    if (requests > static_cast<double>(x_.run.eventBudget))
      return refuse(
          {fmt::format("budget: {:.3g} requests to simulated memories are more than {} "
                       "events (run.eventBudget)",
                       requests, x_.run.eventBudget)});
    const Schedule schedule =
        live ? playLive(graph, resources, *live) : scheduleOf(graph, resources);
    result_.host.events += schedule.events;
    if (commands_ != nullptr) tellCommands(graph, schedule, live);
    const auto worked = [&](ComponentIndex component, SeatId seat) {
      books_.busy(component, schedule.seats[static_cast<std::size_t>(seat)].busy,
                  tariff_.members(component));
    };
    if (costed.usesHost) worked(onHost, costing_.routes().seat(onHost));
    for (const ComponentIndex c : costed.groups)
      if (c != onDevice || p.mapping.pipeline == 1) worked(c, costing_.routes().seat(c));
    for (std::int64_t stage = 0; p.mapping.pipeline > 1 && stage < p.mapping.pipeline; ++stage)
      worked(onDevice, costing_.routes().stage(stage));
    // A power limit and simulated memories stretch what the costs know as fixed.
    if (graph.chain && resources.power.empty() && !live)
      inTurn(costed, graph, schedule);
    else
      overlapped(costed, graph, schedule);
    std::vector<std::string> names(costed.loads.size(), "load weights");
    if (detail_ == Detail::full)
      for (const CostedPhase& phase : costed.phases)
        for (const CostedRegion& region : phase.regions)
          names.push_back(x_.workload->phases[phase.index].graph.at(region.plan->ops.front()).name);
    report(
        graph, resources, schedule,
        [&](const Task& task) { return names[static_cast<std::size_t>(task.owner)]; },
        live ? &*live : nullptr);
    books_.close();
  }

  void tellCommands(const TaskGraph& graph, const Schedule& schedule,
                    const std::optional<LiveTraffic>& live) {
    for (std::size_t t = 0; t < graph.tasks.size(); ++t) {
      const Task& task = graph.tasks[t];
      if (task.profile == nullptr || (live && live->tasks[t].program != nullptr)) continue;
      if (const dram::CommandLog* told = costing_.commandsOf(*task.profile))
        commands_->append(*told, schedule.spans[t].start + task.lead);
    }
  }

  /// What the list schedule of a chain gives, without the list.
  void addUp(const CostedRun& costed) {
    Ticks end;
    for (const BookedLoad* load : costed.loads) books_.load(*load, end += load->copy.alone);
    for (const CostedPhase& phase : costed.phases) {
      books_.beginPhase(x_.workload->phases[phase.index]);
      for (const CostedRegion& region : phase.regions) {
        books_.region(*region.cost, region.plan, end += region.cost->duration);
        for (const RunPart& part : region.cost->runs)
          books_.busy(region.cost->component, times(part.alone, part.repeat),
                      tariff_.members(region.cost->component));
      }
      books_.endPhase();
    }
    books_.close();
  }

  void inTurn(const CostedRun& costed, const TaskGraph& graph, const Schedule& schedule) {
    // Owners are in order, so each ends where the next one begins.
    std::size_t next = 0;
    Ticks end;
    std::int32_t owner = 0;
    const auto over = [&] {
      for (; next < graph.tasks.size() && graph.tasks[next].owner == owner; ++next)
        end = schedule.spans[next].end;
      ++owner;
      return end;
    };
    for (const BookedLoad* load : costed.loads) books_.load(*load, over());
    for (const CostedPhase& phase : costed.phases) {
      books_.beginPhase(x_.workload->phases[phase.index]);
      for (const CostedRegion& region : phase.regions)
        books_.region(*region.cost, region.plan, over());
      books_.endPhase();
    }
  }

  void overlapped(const CostedRun& costed, const TaskGraph& graph, const Schedule& schedule) {
    const std::vector<OwnerTime> owners = ownerTimes(graph, schedule);
    std::size_t owner = 0;
    for (const BookedLoad* load : costed.loads) books_.load(*load, owners[owner++].span.end);
    std::deque<BookedRegion> regions;  // the books keep references
    for (const CostedPhase& phase : costed.phases) {
      books_.beginPhase(x_.workload->phases[phase.index]);
      std::vector<TaskSpan> spans;
      Ticks end;
      for (std::size_t r = 0; r < phase.regions.size(); ++r) {
        spans.push_back(owners[owner + r].span);
        end = std::max(end, spans.back().end);
      }
      for (const CostedRegion& region : phase.regions)
        books_.region(regions.emplace_back(attributed(*region.cost, owners[owner++])), region.plan,
                      end);
      books_.endPhase(spans);
    }
  }

  template <class Name>
  void report(const TaskGraph& graph, const Resources& resources, const Schedule& schedule,
              const Name& nameOf, const LiveTraffic* live = nullptr) {
    if (detail_ != Detail::full) return;
    result_.statistics = statisticsOf(resources, schedule, live);
    result_.trace = traceOf(graph, resources, schedule, nameOf);
  }

  const Experiment& x_;
  const SimulatorSource& simulator_;
  const Detail detail_;
  dram::CommandLog* const commands_;
  RunResult result_;
  const Tariff tariff_;
  Bookkeeping books_;
  Costing costing_;
};

}  // namespace

double LiveTraffic::requests(const TaskGraph& graph) const {
  double sum = 0;
  const auto add = [&](SeatId seat, Bits amount, std::int64_t repeat) {
    if (seat >= 0 && memories[static_cast<std::size_t>(seat)])
      sum += amount.value * memories[static_cast<std::size_t>(seat)]->accesses *
             static_cast<double>(repeat);
  };
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const Task& task = graph.tasks[t];
    add(tasks[t].source.seat, tasks[t].source.amount, task.repeat);
    add(tasks[t].target.seat, tasks[t].target.amount, task.repeat);
    for (std::size_t s = 0; tasks[t].program != nullptr && s < tasks[t].program->size(); ++s)
      add(task.seat, (*tasks[t].program)[s].read + (*tasks[t].program)[s].written,
          task.profile->segments[s].repeat * task.repeat);
  }
  return sum;
}

RunResult simulate(const Experiment& experiment, ProfileCache& cache,
                   const SimulatorSource& simulator, Detail detail) {
  return Simulation(experiment, cache, simulator, detail, nullptr).run();
}

RunResult simulate(const Experiment& experiment, ProfileCache& cache,
                   const SimulatorSource& simulator, dram::CommandLog& commands) {
  return Simulation(experiment, cache, simulator, Detail::full, &commands).run();
}

}  // namespace wattlas
