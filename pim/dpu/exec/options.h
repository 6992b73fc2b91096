// How to run a DPU program.
#pragma once

#include <cstdint>
#include <functional>

#include "pim/dpu/exec/energy.h"
#include "pim/dpu/exec/timing.h"
#include "pim/dpu/isa/instruction.h"
#include "pim/dpu/program/program.h"

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
