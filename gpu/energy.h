// Energy events of kernels, and the clock at which the power limit is kept.
#pragma once

#include "gpu/kernel.h"
#include "gpu/parameters.h"

namespace wattlas::gpu {

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
