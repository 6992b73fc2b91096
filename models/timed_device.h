// What measurements of a device see beside its programs: for devices whose published times were
// read by several kinds of clock, under several software stacks.
#pragma once

#include <string>
#include <vector>

#include "models/base/units.h"
#include "workloads/graph/operator.h"

namespace wattlas {

/// How a measurement was timed: what its clock saw beside the kernels.
enum class Timing { kernel, graph, event, hostSync };

class TimedDevice {
 public:
  virtual ~TimedDevice() = default;
  /// Software stacks that `WorkItem::stack` may name.
  virtual std::vector<std::string> stacks() const = 0;
  /// What a clock of kind `timing` reads for `op` whose program takes `alone` on the device.
  virtual Ticks measured(const Operator& op, Timing timing, Ticks alone) const = 0;
};

}  // namespace wattlas
