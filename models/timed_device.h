// What measurements of a device see beside its programs: for devices whose published times were
// read by several kinds of clock, under several software stacks.
#pragma once

#include <string>
#include <vector>

#include "models/program.h"

namespace wattlas {

/// How a measurement was timed: what its clock saw beside the kernels.
enum class Timing { kernel, graph, event, hostSync };

/// One kernel of a program as its library chose it, for people.
struct KernelReport {
  std::string name;
  std::int64_t tileRows = 0, tileColumns = 0, split = 1;  ///< tile 0 = not a tiled product
  std::int64_t blocks = 0, waves = 0;                     ///< thread blocks, and rounds of them
  double occupancy = 0;  ///< share of the places for thread blocks that are filled over the waves
  std::string limiter;
  double seconds = 0;       ///< of one run
  std::int64_t repeat = 1;  ///< runs, one after the other
};

class TimedDevice {
 public:
  virtual ~TimedDevice() = default;
  /// Software stacks that `WorkItem::stack` may name.
  virtual std::vector<std::string> stacks() const = 0;
  /// Kernels of a program of this device, by the closed form.
  virtual std::vector<KernelReport> kernels(const Program& program) const = 0;
  /// What a clock of kind `timing` reads for `op` whose program takes `alone` on the device.
  virtual Ticks measured(const Operator& op, Timing timing, Ticks alone) const = 0;
};

}  // namespace wattlas
