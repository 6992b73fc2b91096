// Energy of a DPU by activity. There is no public energy per DPU instruction; the numbers are an
// interval model with few parameters, calibrated so that a DPU that issues in every cycle and
// moves MRAM data draws about 0.15 W at 350 MHz (1.2 W per chip of 8 DPUs, PrIM table of systems).
#pragma once

#include <string>
#include <vector>

namespace wattlas {
class Binder;
}

namespace wattlas::dpu {

/// A number with its 90 % interval and origin.
struct EnergyParameter {
  double value, low, high;
  const char* unit;
  const char* basis;  ///< measured | published | derived | assumption
  const char* source;
};

struct DpuEnergy {
  /// Issue of one instruction through the 14-stage pipeline, register file included.
  EnergyParameter issueJ{150e-12,
                         70e-12,
                         240e-12,
                         "J",
                         "derived",
                         "0.15 W per DPU (PrIM, 1.2 W per 8-DPU chip) minus static and fetch, at "
                         "one instruction per cycle and 350 MHz"};
  /// One 6-byte instruction fetch from IRAM.
  EnergyParameter iramFetchJ{25e-12, 10e-12,       50e-12,
                             "J",    "assumption", "24 KB SRAM read in a 2x nm DRAM process"};
  /// Added by the 8x8 multiplier or a mul_step/div_step.
  EnergyParameter multiplyJ{15e-12, 5e-12,        40e-12,
                            "J",    "assumption", "8-bit multiplier against a 32-bit adder"};
  /// One WRAM access of up to 8 bytes.
  EnergyParameter wramAccessJ{60e-12, 25e-12,       110e-12,
                              "J",    "assumption", "64 KB SRAM access in a 2x nm DRAM process"};
  /// One byte moved between the row buffer and WRAM by the DMA engine.
  EnergyParameter dmaByteJ{35e-12,
                           15e-12,
                           70e-12,
                           "J",
                           "derived",
                           "on-die DRAM column access of 2-9 pJ/bit; 150 pJ/B including I/O is the "
                           "DDR4 upper bound"};
  /// One activation and precharge of a 1,024-byte MRAM row.
  EnergyParameter activationJ{
      1.0e-9, 0.5e-9, 2.0e-9, "J", "derived", "DDR4 activation of 8 KB, 7-20 nJ, scaled to 1 KB"};
  /// Leakage, clock tree and refresh of one DPU and its bank.
  EnergyParameter staticW{
      0.075, 0.04,      0.10,
      "W",   "derived", "about half of 0.15 W per DPU; UPMEM DIMMs draw 19-23 W with 128 DPUs"};
};

/// Reads the fields of an `energy:` section.
void bind(Binder& binder, DpuEnergy& energy);

}  // namespace wattlas::dpu
