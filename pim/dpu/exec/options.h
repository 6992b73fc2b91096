// How to run a DPU program.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pim/dpu/exec/result.h"
#include "pim/dpu/exec/timing.h"
#include "pim/dpu/isa/instruction.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu {

inline constexpr unsigned kTasklets = 24;
inline constexpr std::uint32_t kIramWords = kIramInstructions;
inline constexpr unsigned kLocks = kAtomicBits;
inline constexpr unsigned kNotifyBits = 40;  ///< 24 run bits, then 16 flags to the host

enum class StartPolicy {
  automatic,  ///< `first` when the program contains `boot`, else `all`
  first,      ///< tasklet 0 starts at the entry in cycle 0
  all         ///< tasklets 0..N-1 start at the entry in cycle 0
};
/// What a DMA address that is no multiple of 8 does.
enum class DmaAlignment {
  automatic,  ///< `hardware` for executables linked with a vendor's run-time, else `check`
  check,      ///< ends the run with an error: in a program that is being written it is a mistake
  hardware    ///< the engine ignores the low three bits; compiled programs rely on it
};
/// Both give the same cycles, memory and statistics for programs without data races.
enum class EngineMode {
  decoupled,  ///< tasklets run ahead functionally; timing jumps whole rotations (default)
  lockstep    ///< each instruction is executed when it issues
};

/// One issued instruction, for --trace: called when its effect on the registers is there.
struct TraceEvent {
  std::uint64_t cycle = 0;
  unsigned tasklet = 0;
  std::uint32_t pc = 0;
  const Instruction* instruction = nullptr;
  const std::uint32_t *before = nullptr, *after = nullptr;  ///< registers r0..r23 of the tasklet
};

/// Energy of a DPU by activity, in joules (or watts) with the 90 % interval. There is no public
/// energy per DPU instruction; the numbers are an interval model with few parameters, calibrated so
/// that a DPU that issues in every cycle and moves MRAM data draws about 0.15 W at 350 MHz (1.2 W
/// per chip of 8 DPUs, PrIM table of systems).
struct DpuEnergy {
  /// Issue of one instruction through the 14-stage pipeline, register file included. Derived: 0.15
  /// W per DPU (PrIM) minus static and fetch, at one instruction per cycle and 350 MHz.
  EnergyCell issueJ{150e-12, 70e-12, 240e-12};
  /// One 6-byte fetch from IRAM. Assumption: 24 KB SRAM read in a 2x nm DRAM process.
  EnergyCell iramFetchJ{25e-12, 10e-12, 50e-12};
  /// Added by the 8x8 multiplier or a mul_step/div_step. Assumption: against a 32-bit adder.
  EnergyCell multiplyJ{15e-12, 5e-12, 40e-12};
  /// One WRAM access of up to 8 bytes. Assumption: 64 KB SRAM access in a 2x nm DRAM process.
  EnergyCell wramAccessJ{60e-12, 25e-12, 110e-12};
  /// One byte moved between the row buffer and WRAM by the DMA engine. Derived: on-die DRAM column
  /// access of 2-9 pJ/bit; 150 pJ/B including I/O is the DDR4 upper bound.
  EnergyCell dmaByteJ{35e-12, 15e-12, 70e-12};
  /// One activation and precharge of a 1,024-byte MRAM row. Derived: DDR4 activation of 8 KB,
  /// 7-20 nJ, scaled to 1 KB.
  EnergyCell activationJ{1.0e-9, 0.5e-9, 2.0e-9};
  /// Leakage, clock tree and refresh of one DPU and its bank. Derived: about half of 0.15 W per
  /// DPU; UPMEM DIMMs draw 19-23 W with 128 DPUs.
  EnergyCell staticW{0.075, 0.04, 0.10};
};

/// Reads the fields of an `energy:` section.
void bind(Binder& binder, DpuEnergy& energy);

struct DpuRunOptions {
  unsigned tasklets = 16;  ///< 1..24; used by StartPolicy::all
  StartPolicy start = StartPolicy::automatic;
  EngineMode mode = EngineMode::decoupled;
  DmaAlignment dmaAlignment = DmaAlignment::automatic;
  std::uint64_t maxCycles = 0;  ///< 0 = no limit; reaching it is an error
  bool raceCheck = false;       ///< report unsynchronised WRAM sharing; runs in lockstep
  std::function<void(const TraceEvent&)> trace;  ///< when set, runs in lockstep
  std::uint32_t runAhead = 4096;  ///< instructions a tasklet may run ahead functionally
  DpuTiming timing;
  DpuEnergy energy;
};

}  // namespace wattlas::dpu
