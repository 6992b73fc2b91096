// The platform on the SystemC clock: a sequencer hands tasks to the executors of the seats, and all
// traffic meets in the interconnect.
#pragma once

#include <memory>
#include <vector>

#include "models/dispatcher.h"
#include "models/sim/executor.h"

namespace wattlas {

/// SystemC elaborates once per process, so there are `most` seats from the start, and each run
/// gives them another meaning.
class PlatformModel final : public sc_core::sc_module, public LiveSimulator {
 public:
  static constexpr std::size_t most = 64;
  explicit PlatformModel(const sc_core::sc_module_name& name);

  Schedule run(const TaskGraph& graph, const Resources& resources) override;
  Schedule run(const TaskGraph& graph, const Resources& resources, LiveTraffic& traffic) override;
  /// Where outside programs bind initiators, before the first run.
  Interconnect& interconnect() { return interconnect_; }

 private:
  void ended(TaskId task);
  void sequence();
  std::int64_t grainOf(const Task& task) const;
  /// Programs of a power domain share what it may draw.
  void limitPower();

  Interconnect interconnect_;
  LiveMemories memories_;
  std::vector<std::unique_ptr<Executor>> seats_;
  Executor copies_;
  sc_core::sc_event wake_;
  // Of the run in progress.
  const TaskGraph* graph_ = nullptr;
  const Resources* resources_ = nullptr;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::vector<TaskId> ended_;
  std::vector<TaskId> limited_;  ///< under way in power domains
  std::vector<int> users_;       ///< seats with traffic on a channel, and moves over it
  Ticks begin_, last_;
  std::int64_t sequenced_ = 0;
};

/// The platform model of this process, elaborated by the first call.
PlatformModel& platformModel();
/// The same as `simulate` takes it.
PlatformSimulator& platformSimulator();

}  // namespace wattlas
