#include "models/run_graph.h"

#include <algorithm>

#include "models/collective.h"
#include "models/workload_facts.h"

namespace wattlas {
namespace {

/// One of the equal copies or programs of a part.
Task taskOf(const CopyPart& part) {
  Task task;
  task.kind = Task::Kind::move;
  task.lead = part.lead;
  task.wire = part.wire;
  task.peak = part.peak;
  task.route = part.route;
  task.alone = part.alone;
  return task;
}
Task taskOf(const RunPart& part, SeatId seat) {
  Task task;
  task.seat = seat;
  task.lead = part.launch;
  task.profile = part.profile;
  task.watts = part.watts;
  task.alone = part.alone;
  return task;
}

/// A point after all tasks of `graph`.
TaskId gateAfterAll(TaskGraph& graph, std::int32_t owner) {
  const auto all = static_cast<TaskId>(graph.tasks.size());
  const TaskId gate = addSync(owner, graph);
  for (TaskId task = 0; task < all; ++task) graph.edges.emplace_back(task, gate);
  return gate;
}

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
      add(taskOf(load->copy), load->copy.repeat);
      ++owner_;
    }
    for (const CostedPhase& phase : run_.phases) {
      if (graph_.chain) {
        for (const CostedRegion& region : phase.regions) addRegion(phase, region);
        continue;
      }
      // Nothing of a phase begins before all of the phase before it has ended.
      gate_ = gateAfterAll(graph_, owner_);
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
  TaskId add(Task task, std::int64_t repeat) {
    task.owner = owner_;
    task.repeat = repeat;
    graph_.tasks.push_back(std::move(task));
    return static_cast<TaskId>(graph_.tasks.size() - 1);
  }
  /// Adds a copy of a region, one of its `copies`.
  TaskId addCopy(const CostedRegion& region, const CopyPart& part) {
    const TaskId id = add(close(taskOf(part), region.cost->component), part.repeat / parts_);
    if (copies_ != nullptr && region.plan != nullptr && !region.plan->exchange) {
      copies_->resize(static_cast<std::size_t>(id) + 1, nullptr);
      copies_->back() =
          &region.plan->copies[static_cast<std::size_t>(&part - region.cost->copies.data())];
    }
    return id;
  }

  void order(TaskId before, TaskId after) {
    if (before >= 0) graph_.edges.emplace_back(before, after);
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
        const TaskId copy = addCopy(region, part);
        if (graph_.chain) continue;
        // The other buffer is free when the region before the last one has ended.
        if (part.prefetch)
          order(runBefore_, copy);
        else
          for (const TaskId input : inputs(phase, *region.plan)) order(input, copy);
        before.push_back(copy);
      }
    for (const RunPart& part : region.cost->runs) {
      const TaskId run = add(taskOf(part, seat), part.repeat / parts_);
      if (graph_.chain) continue;
      for (const TaskId input : before) order(input, run);
      before = {run};
    }
    for (const CopyPart& part : region.cost->copies)
      if (!part.before) {
        const TaskId copy = addCopy(region, part);
        for (const TaskId run : before) order(run, copy);
        if (part.awaited) outs_.push_back(copy);
      }
    if (!graph_.chain) finish(*region.plan, std::move(before));
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

namespace {

class PipelineMaker {
 public:
  PipelineMaker(const CostedRun& run, const CopyRoutes& routes, const Experiment& experiment)
      : run_(run), routes_(routes), x_(experiment) {
    graph_.routes = routes.routes();
  }

  TaskGraph make() {
    for (const BookedLoad* load : run_.loads) {
      owner_ = firstOwner_++;
      add(taskOf(load->copy), 1, -1);
    }
    for (const CostedPhase& phase : run_.phases) {
      layOut(phase);
      const TaskId gate = gateAfterAll(graph_, firstOwner_);
      const Mapping& mapping = x_.platform->mapping;
      std::vector<TaskId> last(static_cast<std::size_t>(mapping.microBatches), gate);
      const std::int64_t steps = x_.workload->phases[phase.index].repeat;
      for (std::int64_t step = 0; step < steps; ++step)
        for (TaskId& before : last)
          for (std::int64_t stage = 0; stage < mapping.pipeline; ++stage)
            before = pass(phase, step, stage, before);
      firstOwner_ += static_cast<std::int32_t>(phase.regions.size());
    }
    return std::move(graph_);
  }

 private:
  enum class Part { first, layers, last };

  /// Operators before the layers belong to the first stage, those behind them to the last one.
  void layOut(const CostedPhase& phase) {
    parts_.clear();
    std::string block;
    for (const CostedRegion& region : phase.regions) {
      const Operator& op = x_.workload->phases[phase.index].graph.at(region.plan->ops.front());
      if (region.cost->component != onDevice)
        throw InputError(op.name + " does not run on the stages of the pipeline",
                         "mapping.shard.pipeline of 1, or a network that its devices run whole");
      if (region.cost->count > 1 && !op.block.empty()) {
        if (!block.empty() && block != op.block)
          throw InputError("a pipeline of a network with several stacks of layers ('" + block +
                               "', '" + op.block + "')",
                           "mapping.shard.pipeline of 1");
        block = op.block;
        parts_.push_back(Part::layers);
      } else {
        parts_.push_back(block.empty() ? Part::first : Part::last);
      }
    }
    if (block.empty())
      throw InputError("a pipeline of a network without repeated layers",
                       "mapping.shard.pipeline of 1");
  }

  /// Instances of a region on a stage; what does not divide is spread.
  std::int64_t countOn(std::size_t region, std::int64_t count, std::int64_t stage) const {
    const std::int64_t stages = x_.platform->mapping.pipeline;
    if (parts_[region] == Part::first) return stage == 0 ? count : 0;
    if (parts_[region] == Part::last) return stage + 1 == stages ? count : 0;
    return count * (stage + 1) / stages - count * stage / stages;
  }

  TaskId add(Task task, std::int64_t repeat, TaskId before) {
    const auto id = static_cast<TaskId>(graph_.tasks.size());
    task.owner = owner_;
    task.repeat = repeat;
    if (before >= 0) graph_.edges.emplace_back(before, id);
    graph_.tasks.push_back(std::move(task));
    return id;
  }

  /// One micro-batch through one stage at one step.
  TaskId pass(const CostedPhase& phase, std::int64_t step, std::int64_t stage, TaskId before) {
    const std::int64_t stages = x_.platform->mapping.pipeline;
    const std::int64_t times =
        x_.workload->phases[phase.index].repeat * x_.platform->mapping.microBatches;
    for (std::size_t r = 0; r < phase.regions.size(); ++r) {
      const BookedRegion& cost = *phase.regions[r].cost;
      const std::int64_t count = countOn(r, cost.count, stage);
      if (count == 0) continue;
      owner_ = firstOwner_ + static_cast<std::int32_t>(r);
      const auto perPass = [&](const CopyPart& part) {
        return std::max<std::int64_t>(1, part.repeat / times * count / cost.count);
      };
      for (const CopyPart& part : cost.copies) {
        if (part.passesStages || !part.before) continue;
        before = cost.runs.empty() ? exchange(part, stage, perPass(part), before)
                                   : add(taskOf(part), perPass(part), before);
      }
      std::int64_t from = 0;  // groups of steps follow each other
      for (const RunPart& part : cost.runs) {
        const std::int64_t to = from + part.repeat / cost.count / x_.platform->mapping.microBatches;
        if (step >= from && step < to)
          before = add(taskOf(part, routes_.stage(stage)), count, before);
        from = to;
      }
      for (const CopyPart& part : cost.copies)
        if (!part.passesStages && !part.before) add(taskOf(part), perPass(part), before);
    }
    if (stage + 1 == stages) return before;
    for (std::size_t r = 0; r < phase.regions.size(); ++r)
      for (const CopyPart& part : phase.regions[r].cost->copies)
        if (part.passesStages) {
          owner_ = firstOwner_ + static_cast<std::int32_t>(r);
          before = add(taskOf(part), 1, before);
          graph_.tasks.back().route = routes_.toNextStage(stage).index;
        }
    return before;
  }

  /// Members of a stage work on it together: it is busy meanwhile.
  TaskId exchange(const CopyPart& part, std::int64_t stage, std::int64_t count, TaskId before) {
    Task task;
    task.seat = routes_.stage(stage);
    task.local = task.alone = part.alone;
    return add(std::move(task), count, before);
  }

  const CostedRun& run_;
  const CopyRoutes& routes_;
  const Experiment& x_;
  TaskGraph graph_;
  std::vector<Part> parts_;  ///< by region of the phase
  std::int32_t firstOwner_ = 0, owner_ = 0;
};

}  // namespace

TaskGraph pipelineGraph(const CostedRun& run, const CopyRoutes& routes,
                        const Experiment& experiment) {
  return PipelineMaker(run, routes, experiment).make();
}

}  // namespace wattlas
