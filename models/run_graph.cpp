#include "models/run_graph.h"

#include <algorithm>

#include "models/collective.h"
#include "models/workload_facts.h"

namespace wattlas {
namespace {

class GraphMaker {
 public:
  GraphMaker(const CostedRun& run, const CopyRoutes& routes, const Experiment& experiment,
             std::vector<const PlannedCopy*>* copies)
      : run_(run), routes_(routes), x_(experiment), copies_(copies) {
    graph_.chain = !x_.platform->mapping.overlapped;
    if (!graph_.chain) parts_ = x_.platform->mapping.microBatches;
    graph_.routes = routes.routes();
  }

  TaskGraph make() {
    if (copies_ != nullptr) copies_->clear();
    for (const BookedLoad* load : run_.loads) {
      Task task = copyOf(load->copy);
      task.repeat = load->copy.repeat;
      add(std::move(task));
      ++owner_;
    }
    for (const CostedPhase& phase : run_.phases) {
      if (graph_.chain) {
        for (const CostedRegion& region : phase.regions) addRegion(phase, region);
        continue;
      }
      beginPhase();
      const std::int32_t first = owner_;
      // Parts of a batch know nothing of each other: one computes while another is elsewhere.
      for (std::int64_t part = 0; part < parts_; ++part) {
        beginPart(phase);
        owner_ = first;
        for (const CostedRegion& region : phase.regions) addRegion(phase, region);
      }
    }
    return std::move(graph_);
  }

 private:
  TaskId add(Task task) {
    task.owner = owner_;
    graph_.tasks.push_back(std::move(task));
    return static_cast<TaskId>(graph_.tasks.size() - 1);
  }
  /// Adds a copy of a region, one of its `copies`.
  TaskId addCopy(Task task, const CostedRegion& region, const CopyPart& part) {
    const TaskId id = add(std::move(task));
    if (copies_ != nullptr && region.plan != nullptr && !region.plan->exchange) {
      copies_->resize(static_cast<std::size_t>(id) + 1, nullptr);
      copies_->back() =
          &region.plan->copies[static_cast<std::size_t>(&part - region.cost->copies.data())];
    }
    return id;
  }
  Task copyOf(const CopyPart& part) const {
    Task task;
    task.kind = Task::Kind::move;
    task.lead = part.lead;
    task.wire = part.wire;
    task.peak = part.peak;
    task.route = part.route;
    task.repeat = part.repeat / parts_;
    task.alone = part.alone;
    return task;
  }
  Task runOf(const RunPart& part, SeatId seat) const {
    Task task;
    task.seat = seat;
    task.lead = part.launch;
    task.profile = part.profile;
    task.watts = part.watts;
    task.repeat = part.repeat / parts_;
    task.alone = part.alone;
    return task;
  }

  void order(TaskId before, TaskId after) {
    if (before >= 0) graph_.edges.emplace_back(before, after);
  }

  /// Nothing of a phase begins before all of the phase before it has ended.
  void beginPhase() {
    const auto all = static_cast<TaskId>(graph_.tasks.size());
    gate_ = addSync(owner_, graph_);
    for (TaskId task = 0; task < all; ++task) order(task, gate_);
  }

  void beginPart(const CostedPhase& phase) {
    done_.assign(x_.workload->phases[phase.index].graph.size(), gate_);
    lastRun_ = runBefore_ = gate_;
  }

  void addRegion(const CostedPhase& phase, const CostedRegion& region) {
    const SeatId seat = routes_.seat(region.cost->component);
    std::vector<TaskId> before;  // all that the first program waits for
    if (!graph_.chain) before = inputs(phase, *region.plan);
    for (const CopyPart& part : region.cost->copies)
      if (part.before) {
        const TaskId copy = addCopy(close(copyOf(part), region.cost->component), region, part);
        if (graph_.chain) continue;
        // The other buffer is free when the region before the last one has ended.
        if (part.prefetch)
          order(runBefore_, copy);
        else
          for (const TaskId input : inputs(phase, *region.plan)) order(input, copy);
        before.push_back(copy);
      }
    for (const RunPart& part : region.cost->runs) {
      const TaskId run = add(runOf(part, seat));
      if (graph_.chain) continue;
      for (const TaskId input : before) order(input, run);
      before = {run};
    }
    if (!graph_.chain) {
      for (const CopyPart& part : region.cost->copies)
        if (!part.before) {
          const TaskId copy = addCopy(close(copyOf(part), region.cost->component), region, part);
          for (const TaskId run : before) order(run, copy);
          if (part.awaited) outs_.push_back(copy);
        }
      finish(*region.plan, std::move(before));
    } else {
      for (const CopyPart& part : region.cost->copies)
        if (!part.before) addCopy(copyOf(part), region, part);
    }
    ++owner_;
  }

  /// Memories that nobody can reach while programs run make both wait for each other.
  Task close(Task task, ComponentIndex component) const {
    if (graph_.chain || component == onHost) return task;
    const auto& tiers = partOf(*x_.platform, component).device->info().tiers;
    if (!tiers.empty() && tiers.front().closedWhileRunning) task.closedTo = routes_.seat(component);
    return task;
  }

  std::vector<TaskId> inputs(const CostedPhase& phase, const PlannedRegion& plan) const {
    std::vector<TaskId> all;
    const Graph& graph = x_.workload->phases[phase.index].graph;
    for (const OpId op : plan.ops)
      for (const OpId producer : graph.producers(op))
        if (std::find(plan.ops.begin(), plan.ops.end(), producer) == plan.ops.end())
          all.push_back(done_[static_cast<std::size_t>(producer)]);
    if (all.empty()) all.push_back(gate_);
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  /// Consumers wait for the programs and for what they send.
  void finish(const PlannedRegion& plan, std::vector<TaskId> last) {
    last.insert(last.end(), outs_.begin(), outs_.end());
    outs_.clear();
    TaskId done = last.front();
    if (last.size() > 1) {
      done = addSync(owner_, graph_);
      for (const TaskId task : last) order(task, done);
    }
    for (const OpId op : plan.ops) done_[static_cast<std::size_t>(op)] = done;
    runBefore_ = lastRun_;
    lastRun_ = done;
  }

  const CostedRun& run_;
  const CopyRoutes& routes_;
  const Experiment& x_;
  TaskGraph graph_;
  std::vector<const PlannedCopy*>* copies_;
  std::int64_t parts_ = 1;
  std::int32_t owner_ = 0;
  TaskId gate_ = -1, lastRun_ = -1, runBefore_ = -1;
  std::vector<TaskId> done_;  ///< by operator of the phase: when others may use what it made
  std::vector<TaskId> outs_;
};

}  // namespace

TaskGraph runGraph(const CostedRun& run, const CopyRoutes& routes, const Experiment& experiment,
                   std::vector<const PlannedCopy*>* copies) {
  return GraphMaker(run, routes, experiment, copies).make();
}

}  // namespace wattlas
