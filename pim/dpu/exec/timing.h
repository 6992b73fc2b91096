// Timing and capacity parameters of one DPU, each with unit, default and source, readable from
// YAML through Binder.
#pragma once

#include <cstdint>
#include <string>

#include "pim/dpu/exec/mram_bank.h"

namespace wattlas {
class Binder;
class ConfigNode;
}  // namespace wattlas

namespace wattlas::dpu {

/// What two source registers in one bank of the register file cost.
enum class RegisterFileRule {
  none,      ///< nothing: what compiled kernels on hardware show (default)
  sameBank,  ///< one issue cycle for an instruction with two sources in one bank
  compat     ///< the queue model of a public peer simulator, for cross-checks with its counts
};
/// Who issues when several tasklets are ready.
enum class Arbiter {
  oldestReady,  ///< the one that is ready longest, then the lower number (default)
  roundRobin    ///< the next number after the last one that issued
};

struct DpuTiming {
  double clockHz = 350e6;
  int revolver = 11;
  int wakeLatency = 11;  ///< the compat rule has 1, whatever stands here
  RegisterFileRule registerFile = RegisterFileRule::none;
  Arbiter arbiter = Arbiter::oldestReady;
  double dmaReadLatency = 77, dmaWriteLatency = 61;
  double dmaLatencyPerByte = 0.5;
  double dmaReadOccupancy = 40, dmaWriteOccupancy = 32;
  double dmaOccupancyPerByte = 0.54;
  int mramRowBytes = 1024;
  bool bankDetail = false;  ///< rows and refresh of the MRAM bank one by one
  dram::Timing bank = mramRows();

  /// Throws InputError when a value is impossible.
  void check() const;
};

/// Reads the fields of a `timing:` section; the strings of rule() and arbiter() are accepted.
void bind(Binder& binder, DpuTiming& timing);

/// The timing of a file (`wattlas dpu run --timing`). Throws InputError with every problem found.
DpuTiming readTiming(const ConfigNode& tree);

std::string nameOf(RegisterFileRule rule);  ///< none, same_bank, compat
std::string nameOf(Arbiter arbiter);        ///< oldest_ready, round_robin
/// Throws InputError naming the accepted words.
RegisterFileRule registerFileRule(const std::string& text);
Arbiter arbiterByName(const std::string& text);

}  // namespace wattlas::dpu
