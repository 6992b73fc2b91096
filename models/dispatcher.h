// Decides which task starts when: shared by the list schedule and the simulation, so that both
// follow the same rules. Internal to models/.
#pragma once

#include <set>
#include <vector>

#include "models/task_graph.h"

namespace wattlas {

/// A task is ready when all tasks before it have ended. Among ready tasks, higher priority and then
/// the lower number starts first; a task that has to wait never holds up others on other resources.
class Dispatcher {
 public:
  /// `channelsServeOne`: transfers take their channels for themselves (list schedule). Otherwise
  /// they start at once and share them. Keeps references.
  Dispatcher(const TaskGraph& graph, const Resources& resources, bool channelsServeOne);

  void finish(TaskId task, Ticks now);
  /// Tasks that start now; synchronisations end at once and are not among them.
  const std::vector<TaskId>& start(Ticks now);
  /// Spans and uses of what ended. Throws std::logic_error when tasks wait for each other.
  Schedule take(Ticks now);

 private:
  struct Before {
    const std::vector<Task>* tasks;
    bool operator()(TaskId a, TaskId b) const;
  };
  using Queue = std::set<TaskId, Before>;

  void release(TaskId task, Ticks now);
  bool canMove(const Task& task) const;
  void begin(TaskId task, Ticks now);
  void takeSeat(SeatId seat, std::int64_t slots, Ticks now);
  void leaveSeat(SeatId seat, std::int64_t slots, Ticks now);

  struct SeatState {
    std::int64_t free = 1;
    Ticks since;
    Queue waiting;
  };

  const TaskGraph& graph_;
  const Resources& resources_;
  const bool channelsServeOne_;
  std::vector<std::int32_t> left_;        ///< tasks before that have not ended
  std::vector<std::int32_t> firstAfter_;  ///< into after_
  std::vector<TaskId> after_;
  std::vector<SeatState> seats_;
  std::vector<char> taken_;  ///< channels, list schedule only
  Queue moves_;
  std::vector<SeatId> touched_;
  bool movesTouched_ = false;
  std::vector<TaskId> started_;
  Schedule schedule_;
  std::size_t ended_ = 0;
};

/// The task graph in closed form: every seat, link direction and memory port serves one task at a
/// time, at full rate. No SystemC.
Schedule listSchedule(const TaskGraph& graph, const Resources& resources);

}  // namespace wattlas
