// A run in which memories are simulated with the platform (`coupling: live`), and what the banks
// are told in a run. Both are asked for seldom, so that plain tasks stay small.
#pragma once

#include "models/memory_device.h"
#include "models/simulate.h"

namespace wattlas {

/// What tasks of a graph move to and from simulated memories.
struct LiveTraffic {
  /// Of a copy: read at its begin, written at its end.
  struct End {
    SeatId seat = -1;
    Bits amount;
  };
  struct OfTask {
    const std::vector<MemoryTraffic>* program = nullptr;  ///< by segment of the profile
    End source, target;
  };
  std::vector<std::shared_ptr<const LiveMemory>> memories;  ///< by seat; null: not simulated
  std::vector<OfTask> tasks;
  std::vector<ResourceUse> uses;           ///< out: by seat
  dram::CommandTrace* commands = nullptr;  ///< hears the memories; the seat is the channel

  /// Requests of all tasks to a channel each.
  double requests(const TaskGraph& graph) const;
};

/// A simulator of platforms that also simulates memories.
class LiveSimulator : public PlatformSimulator {
 public:
  virtual Schedule run(const TaskGraph& graph, const Resources& resources,
                       LiveTraffic& traffic) = 0;
};

/// As `simulate` with all details. `commands` hears what the simulation of the run told the banks:
/// of each program one chip or channel, repetitions once, and everything that passed memories which
/// are simulated with the platform.
RunResult simulate(const Experiment& experiment, ProfileCache& cache,
                   const SimulatorSource& simulator, dram::CommandLog& commands);

}  // namespace wattlas
