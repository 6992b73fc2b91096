#include "models/simulate.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <stdexcept>

#include "models/attribution.h"
#include "models/bookkeeping.h"
#include "models/list_schedule.h"
#include "models/network.h"
#include "models/pipeline_graph.h"
#include "models/run_graph.h"
#include "models/run_report.h"

namespace wattlas {
namespace {

class Simulation {
 public:
  Simulation(const Experiment& experiment, ProfileCache& cache, const SimulatorSource& simulator,
             Detail detail)
      : x_(experiment),
        simulator_(simulator),
        detail_(detail),
        tariff_(experiment),
        books_(experiment, tariff_, result_, detail),
        costing_(experiment, tariff_, cache, detail) {}

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
      throw InputError(Problem{{"--fidelity", 0},
                               x_.platform->id,
                               fmt::format("has no '{}' model yet", nameOf(x_.run.fidelity)),
                               fmt::format("--fidelity {}", nameOf(level)),
                               "without --fidelity the result says which level was used"});
    if (x_.run.coupling == Coupling::live && level != Fidelity::analytic)
      throw InputError("coupling 'live' is not available for this device", "coupling replayed",
                       "alone, both give the same time");
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

  void account(const CostedRun& costed) {
    const Platform& p = *x_.platform;
    if (detail_ == Detail::totals && !evented() && p.domains.empty() && !p.mapping.overlapped &&
        p.mapping.pipeline == 1)
      return addUp(costed);
    const TaskGraph graph = x_.platform->mapping.pipeline > 1
                                ? pipelineGraph(costed, costing_.routes(), x_)
                                : runGraph(costed, costing_.routes(), x_);
    const Resources& resources = costing_.routes().resources();
    const Schedule schedule = scheduleOf(graph, resources);
    result_.host.events += schedule.events;
    // A power limit stretches what the costs know as fixed.
    if (graph.chain && resources.power.empty())
      inTurn(costed, graph, schedule);
    else
      overlapped(costed, graph, schedule);
    std::vector<std::string> names(costed.loads.size(), "load weights");
    if (detail_ == Detail::full)
      for (const CostedPhase& phase : costed.phases)
        for (const CostedRegion& region : phase.regions)
          names.push_back(x_.workload->phases[phase.index].graph.at(region.plan->ops.front()).name);
    report(graph, resources, schedule,
           [&](const Task& task) { return names[static_cast<std::size_t>(task.owner)]; });
    books_.close();
  }

  /// What the list schedule of a chain gives, without the list.
  void addUp(const CostedRun& costed) {
    Ticks end;
    for (const BookedLoad* load : costed.loads) books_.load(*load, end += load->copy.alone);
    for (const CostedPhase& phase : costed.phases) {
      books_.beginPhase(x_.workload->phases[phase.index]);
      for (const CostedRegion& region : phase.regions)
        books_.region(*region.cost, region.plan, end += region.cost->duration);
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
              const Name& nameOf) {
    if (detail_ != Detail::full) return;
    result_.statistics = statisticsOf(resources, schedule);
    result_.trace = traceOf(graph, resources, schedule, nameOf);
  }

  const Experiment& x_;
  const SimulatorSource& simulator_;
  const Detail detail_;
  RunResult result_;
  const Tariff tariff_;
  Bookkeeping books_;
  Costing costing_;
};

}  // namespace

RunResult simulate(const Experiment& experiment, ProfileCache& cache,
                   const SimulatorSource& simulator, Detail detail) {
  return Simulation(experiment, cache, simulator, detail).run();
}

}  // namespace wattlas
