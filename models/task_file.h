// A workload that is given as tasks with known times: measured programs, traces, examples of
// scheduling. Kind `tasks` of workload files; its format: docs/platforms.md.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/base/config.h"
#include "models/base/units.h"

namespace wattlas {

struct TaskSpec {
  enum class Kind { run, move, collective } kind = Kind::run;
  std::string name;
  /// Run: `GROUP` (all its members), `GROUP[member]` or `host`; empty: a mapper chooses.
  /// Collective: the group.
  std::string on;
  std::vector<std::pair<std::string, Ticks>> times;  ///< run: by group; an empty name: everywhere
  std::string from, to;                              ///< move
  Bits amount;  ///< move, collective (of each member), traffic of a run from the host
  std::string operation = "allReduce", algorithm = "auto";  ///< collective
  std::vector<std::string> after;
  std::int64_t repeat = 1, priority = 0;
  Place place;
};

/// Data that one task passes on to another: moved when they run on different devices.
struct TaskEdge {
  std::string from, to;
  Bits amount;
  Place place;
};

struct TaskFile {
  std::string title;
  std::string mapper = "fixed";  ///< fixed, best, heft
  std::vector<TaskSpec> tasks;
  std::vector<TaskEdge> edges;
  ConfigNode config;  ///< complete description
};

/// Whether a workload file holds tasks.
bool holdsTasks(const ConfigNode& description);
/// Throws InputError with all problems (unknown task names, times that are missing).
std::shared_ptr<const TaskFile> readTasks(const ConfigNode& description);

}  // namespace wattlas
