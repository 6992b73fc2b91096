#include "models/task_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "models/base/parameter.h"

namespace wattlas {
namespace {

/// 1F1B: a stage sends at most as many micro-batches ahead as there are stages behind it, then
/// works on one forward and one backward in turn.
struct Pipeline {
  std::vector<std::string> stages;
  std::int64_t microBatches = 1;
  Sourced<Seconds> forward, backward;
  Sourced<Bits> activations;
  std::string schedule = "1f1b";

  void bind(Binder& b) {
    b.texts("stages", stages, "Groups, first stage first");
    b.integer("microBatches", microBatches, {.min = 1, .max = 4096}, "Parts of the batch");
    b.quantity("forward", forward, {.min = 0}, "Time of a stage and micro-batch");
    b.quantity("backward", backward, {.min = 0}, "Time of a stage and micro-batch");
    b.quantity("activations", activations, {.min = 0, .fallback = "0 B"},
               "Passed on between stages, in both directions");
    b.choice("schedule", schedule, {"1f1b", "gpipe"}, {.fallback = "1f1b"},
             "Order of forward and backward passes");
  }

  void expand(TaskFile& file) const {
    const auto s = static_cast<std::int64_t>(stages.size());
    const auto name = [](char pass, std::int64_t stage, std::int64_t batch) {
      return fmt::format("{}{}.{}", pass, stage, batch);
    };
    for (std::int64_t stage = 0; stage < s; ++stage) {
      const std::int64_t ahead =
          schedule == "1f1b" ? std::min(microBatches, s - stage) : microBatches;
      std::vector<std::pair<char, std::int64_t>> order;
      for (std::int64_t f = 0; f < ahead; ++f) order.emplace_back('F', f);
      for (std::int64_t b = 0, f = ahead; b < microBatches; ++b) {
        order.emplace_back('B', b);
        if (f < microBatches) order.emplace_back('F', f++);
      }
      std::string before;
      for (const auto& [pass, batch] : order) {
        TaskSpec task;
        task.name = name(pass, stage, batch);
        task.on = stages[static_cast<std::size_t>(stage)];
        task.times = {{"", toTicks(pass == 'F' ? forward.value : backward.value)}};
        if (!before.empty()) task.after.push_back(before);
        before = task.name;
        file.tasks.push_back(std::move(task));
      }
    }
    for (std::int64_t m = 0; m < microBatches; ++m)
      for (std::int64_t stage = 0; stage + 1 < s; ++stage) {
        file.edges.push_back({name('F', stage, m), name('F', stage + 1, m), activations.value, {}});
        file.edges.push_back({name('B', stage + 1, m), name('B', stage, m), activations.value, {}});
      }
    for (std::int64_t m = 0; m < microBatches; ++m)
      file.edges.push_back({name('F', s - 1, m), name('B', s - 1, m), Bits(0), {}});
  }
};

/// A text that may be missing.
void optionalText(Binder& b, const std::string& key, std::string& target, const std::string& doc) {
  ConfigNode node;
  b.any(key, node, doc);
  if (node.isScalar()) target = node.scalar();
}

void bindTask(Binder& b, TaskSpec& task) {
  ConfigNode time;
  std::string kind;
  Sourced<Bits> amount;
  b.text("name", task.name, {}, "Name in results");
  b.choice("kind", kind, {"run", "move", "collective"}, {.fallback = "run"}, "What it is");
  optionalText(b, "on", task.on, "run: group, group[member] or host; collective: group");
  b.any("time", time, "run: a time, or a map of times by group");
  optionalText(b, "origin", task.from, "move: where the data are");
  optionalText(b, "target", task.to, "move: where they go");
  b.quantity("amount", amount, {.min = 0, .fallback = "0 B"},
             "move: data; collective: data of each member; run: data from the host meanwhile");
  b.choice("operation", task.operation, {"allReduce", "allGather", "reduceScatter", "allToAll"},
           {.fallback = "allReduce"}, "collective");
  b.choice("algorithm", task.algorithm, {"auto", "ring", "tree", "halvingDoubling"},
           {.fallback = "auto"}, "collective: auto chooses by members and size");
  b.texts("after", task.after, "Tasks that end before it starts");
  b.integer("repeat", task.repeat, {.min = 1, .fallback = "1"}, "Repetitions, one by one");
  b.integer("priority", task.priority, {.min = 0, .max = 255, .fallback = "0"}, "Higher first");
  if (!b.reading()) return;
  task.amount = amount.value;
  task.kind = kind == "move"         ? TaskSpec::Kind::move
              : kind == "collective" ? TaskSpec::Kind::collective
                                     : TaskSpec::Kind::run;
  const auto read = [&](const ConfigNode& node, const std::string& where) {
    try {
      task.times.emplace_back(
          where,
          toTicks(Seconds(parseQuantity(node.isScalar() ? node.scalar() : "", Dimension::time))));
    } catch (const InputError& error) {
      b.problem("time", error.what(), "such as `10 us` or `{gpu: 10 us, host: 1 ms}`");
    }
  };
  if (time.isMap())
    for (const auto& [group, node] : time.entries()) read(node, group);
  else if (!time.isNull())
    read(time, "");
  if (task.kind == TaskSpec::Kind::run && task.times.empty())
    b.problem("time", "missing", "a time, or a map of times by group");
  if (task.kind == TaskSpec::Kind::move && (task.from.empty() || task.to.empty()))
    b.problem("origin", "a move needs `origin` and `target`", "a group, group[member] or host");
}

void bindFile(Binder& b, TaskFile& file, std::vector<Pipeline>& pipelines) {
  optionalText(b, "title", file.title, "One line for lists");
  b.choice("mapper", file.mapper, {"fixed", "best", "heft"}, {.fallback = "fixed"},
           "Where tasks without `on` run: nowhere, each where it is fastest, or by HEFT");
  b.list("tasks", "What is to be done", [&](Binder& item, std::size_t) {
    TaskSpec task;
    bindTask(item, task);
    file.tasks.push_back(std::move(task));
  });
  b.list("edges", "Data that tasks pass on", [&](Binder& item, std::size_t) {
    TaskEdge edge;
    Sourced<Bits> amount;
    item.text("origin", edge.from, {}, "Task");
    item.text("target", edge.to, {}, "Task");
    item.quantity("amount", amount, {.min = 0, .fallback = "0 B"}, "Data");
    edge.amount = amount.value;
    file.edges.push_back(std::move(edge));
  });
  b.list("pipelines", "Stages that micro-batches pass forwards and backwards",
         [&](Binder& item, std::size_t) { pipelines.emplace_back().bind(item); });
}

}  // namespace

bool holdsTasks(const ConfigNode& description) {
  return description.find("tasks") != nullptr || description.find("pipelines") != nullptr;
}

std::shared_ptr<const TaskFile> readTasks(const ConfigNode& description) {
  auto file = std::make_shared<TaskFile>();
  std::vector<Pipeline> pipelines;
  Problems problems;
  file->config = bindConfig(description, "workload", problems, [&](Binder& b) {
                   bindFile(b, *file, pipelines);
                 }).complete;
  problems.finish();
  // Places of list items, for messages about what they name.
  const auto placeOf = [&](const char* key, std::size_t i) {
    const ConfigNode* list = description.find(key);
    return list != nullptr && list->isList() && i < list->items().size() ? list->items()[i].place()
                                                                         : description.place();
  };
  for (std::size_t i = 0; i < file->tasks.size(); ++i) file->tasks[i].place = placeOf("tasks", i);
  for (std::size_t i = 0; i < file->edges.size(); ++i) file->edges[i].place = placeOf("edges", i);
  for (const Pipeline& pipeline : pipelines) pipeline.expand(*file);

  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const TaskSpec& task : file->tasks) {
    names.push_back(task.name);
    if (!seen.insert(task.name).second)
      problems.add(task.place, "tasks", "'" + task.name + "' is there twice", "other names");
  }
  const auto check = [&](const std::string& name, const Place& place, const char* key) {
    if (seen.count(name) == 0)
      problems.add(place, key, "no task is called '" + name + "'", "a name of the file",
                   didYouMean(name, names));
  };
  for (const TaskSpec& task : file->tasks)
    for (const std::string& name : task.after) check(name, task.place, "tasks.after");
  for (const TaskEdge& edge : file->edges) {
    check(edge.from, edge.place, "edges.origin");
    check(edge.to, edge.place, "edges.target");
  }
  problems.finish();
  return file;
}

}  // namespace wattlas
