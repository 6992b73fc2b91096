// A workload of tasks on the devices of a platform: placed, with the transfers between them.
#pragma once

#include <deque>
#include <set>

#include "models/network.h"
#include "models/task_file.h"

namespace wattlas {

struct TaskPlan {
  struct Row {
    std::string name, kind, device;
    bool transfer = false;
    /// Bits over each link (index into Platform::linkEnergy), of all its transfers.
    std::vector<double> linkBits;
  };
  TaskGraph graph;               ///< `Task::owner` is an index into rows
  std::vector<Row> rows;         ///< tasks of the file, then transfers along edges
  std::deque<Profile> profiles;  ///< of runs with traffic
  std::set<std::size_t> folded;  ///< groups of which the first member stands for all
  std::vector<Replication> replications;
};

/// Throws InputError for what cannot be: a device that nobody has, a time that is missing, a way
/// without links, tasks that wait for each other.
TaskPlan planTasks(const TaskFile& file, const Platform& platform, const Network& network);

}  // namespace wattlas
