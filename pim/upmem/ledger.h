// Energy coefficients of UPMEM memory and the counts of each stage.
#pragma once

#include "pim/upmem/plan.h"

namespace wattlas::pim {

struct UpmemCoefficients {
  CoefficientId fetch = 0, execute = 0, extension = 0, wram = 0, mramBit = 0, activation = 0,
                mac = 0, eccWord = 0;

  /// Adds all coefficients and standing powers of the device to `table`.
  void declare(EnergyTable& table, const UpmemParams& params);
};

/// Events of one stage on all DPUs. Exchanges count MRAM accesses; their link is the platform's.
EnergyCounts countsOf(const Stage& stage, const UpmemParams& params, const UpmemCoefficients& ids);

/// Bits of an exchange on the memory channels.
Bits wireBits(const Exchange& exchange, const UpmemParams& params);

}  // namespace wattlas::pim
