// Closed-form time of one kernel: waves of CTAs against device memory and level-2 cache.
#pragma once

#include <array>
#include <vector>

#include "gpu/kernel.h"
#include "gpu/parameters.h"
#include "models/timed_device.h"

namespace wattlas::gpu {

struct KernelTime {
  double seconds = 0;
  double compute = 0, dram = 0, l2 = 0, link = 0;  ///< seconds each resource needs
  Bottleneck bottleneck = Bottleneck::latency;
};

/// t = start + latency + (1 - ov) max(compute, memory) + ov (compute + memory) at `clockScale` x
/// the nominal clock; compute and L2 follow the clock, DRAM does not.
KernelTime closedForm(const Parameters& p, const Kernel& kernel, double clockScale = 1.0);

/// DRAM rate of a kernel with enough loads in flight, bits/s.
double reachableDram(const Parameters& p, const Kernel& kernel);
/// DRAM rate that `resident` CTAs can draw: the reachable peak or Little's law.
double dramRate(const Parameters& p, const Kernel& kernel, double resident);

/// What a clock of kind `timing` reads for `op` whose kernels take `seconds`.
double measuredSeconds(const Parameters& p, const Operator& op, Timing timing, double seconds);

// Kernels of several CUDA streams beside each other: what one leaves of the SMs, of device memory,
// of L2 and below the power limit, the others use.

/// A kernel and how long it takes with the chip to itself.
struct StreamWork {
  double seconds = 0;
  /// Shares of SMs, device memory, L2 and power that it uses then, 0..1.
  std::array<double, 4> use{};
};
StreamWork streamWork(const Parameters& p, const Kernel& kernel, double seconds);

struct StreamRun {
  double seconds = 0;
  std::int64_t steps = 0;
};
/// Runs the streams from their first kernels on; within a stream one follows the other. Between two
/// ends of kernels all run as fast as equal progress on the scarcest resource allows.
StreamRun runStreams(const std::vector<std::vector<StreamWork>>& streams);

// Energy events of kernels, and the clock at which the power limit is kept.

/// Ids of the coefficients in the device's table.
struct EnergyIds {
  CoefficientId mac[8] = {};  ///< by MacKind; [none] is unused
  CoefficientId vectorOp = 0, dram = 0, l2 = 0, shared = 0, link = 0, launch = 0, active = 0,
                uncore = 0;
};
/// Fills `table`; idle power is added as a power that always flows.
EnergyIds declareEnergy(const Parameters& p, EnergyTable& table);

/// Energy per event follows the square of the supply voltage, which follows clock^exponent down to
/// its floor.
double voltageFactor(const Parameters& p, double clockScale);
/// Joules of the chip at the nominal voltage, without memory, idle and active power.
double chipJoules(const Parameters& p, const Kernel& kernel);
double memoryJoules(const Parameters& p, const Kernel& kernel);

/// How long a kernel ran.
struct RunTime {
  Ticks active;    ///< weighted by what it scales with: clock x voltage^2 over nominal
  Ticks duration;  ///< as it is
};
/// Counts for `kernel` executed at `clockScale`: events on the chip are given as
/// their equivalent at the nominal voltage.
EnergyCounts countsOf(const Parameters& p, const EnergyIds& ids, const Kernel& kernel,
                      double clockScale, const RunTime& time);

struct Operating {
  double clockScale = 1;  ///< clock / nominal clock
  double slowdown = 1;    ///< pauses when even the lowest clock exceeds the limit
  double limit = 0;       ///< watts that may flow while the kernels run
};
/// Highest clock at which the kernels together keep the power limit (closed form).
/// Seconds of `rest` around them count for the average.
Operating operatingPoint(const Parameters& p, const std::vector<Kernel>& kernels, double rest = 0);

}  // namespace wattlas::gpu
