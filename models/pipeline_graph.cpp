#include "models/pipeline_graph.h"

#include <algorithm>

#include "models/collective.h"

namespace wattlas {
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
      copy(load->copy, 1, -1);
    }
    for (const CostedPhase& phase : run_.phases) {
      layOut(phase);
      const TaskId gate = gateAfterAll();
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

  TaskId add(Task task, TaskId before) {
    const auto id = static_cast<TaskId>(graph_.tasks.size());
    if (before >= 0) graph_.edges.emplace_back(before, id);
    graph_.tasks.push_back(std::move(task));
    return id;
  }

  TaskId gateAfterAll() {
    const auto all = static_cast<TaskId>(graph_.tasks.size());
    const TaskId gate = addSync(firstOwner_, graph_);
    for (TaskId task = 0; task < all; ++task) graph_.edges.emplace_back(task, gate);
    return gate;
  }

  TaskId copy(const CopyPart& part, std::int64_t repeat, TaskId before) {
    Task task;
    task.kind = Task::Kind::move;
    task.owner = owner_;
    task.lead = part.lead;
    task.wire = part.wire;
    task.peak = part.peak;
    task.route = part.route;
    task.alone = part.alone;
    task.repeat = repeat;
    return add(std::move(task), before);
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
                                   : copy(part, perPass(part), before);
      }
      std::int64_t from = 0;  // groups of steps follow each other
      for (const RunPart& part : cost.runs) {
        const std::int64_t to = from + part.repeat / cost.count / x_.platform->mapping.microBatches;
        if (step >= from && step < to) before = program(part, stage, count, before);
        from = to;
      }
      for (const CopyPart& part : cost.copies)
        if (!part.passesStages && !part.before) copy(part, perPass(part), before);
    }
    if (stage + 1 == stages) return before;
    for (std::size_t r = 0; r < phase.regions.size(); ++r)
      for (const CopyPart& part : phase.regions[r].cost->copies)
        if (part.passesStages) {
          owner_ = firstOwner_ + static_cast<std::int32_t>(r);
          before = copy(part, 1, before);
          graph_.tasks.back().route = routes_.toNextStage(stage).index;
        }
    return before;
  }

  TaskId program(const RunPart& part, std::int64_t stage, std::int64_t count, TaskId before) {
    Task task;
    task.owner = owner_;
    task.seat = routes_.stage(stage);
    task.lead = part.launch;
    task.profile = part.profile;
    task.watts = part.watts;
    task.alone = part.alone;
    task.repeat = count;
    return add(std::move(task), before);
  }

  /// Members of a stage work on it together: it is busy meanwhile.
  TaskId exchange(const CopyPart& part, std::int64_t stage, std::int64_t count, TaskId before) {
    Task task;
    task.owner = owner_;
    task.seat = routes_.stage(stage);
    task.local = task.alone = part.alone;
    task.repeat = count;
    return add(std::move(task), before);
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
