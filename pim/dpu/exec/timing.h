// Timing and capacity parameters of one DPU, each with unit, default and source, readable from
// YAML through Binder.
#pragma once

#include <cstdint>
#include <string>

#include "models/dram/channel_state.h"

namespace wattlas {

class Binder;
class ConfigNode;
}  // namespace wattlas

namespace wattlas::dpu {

struct DpuTiming;

// Open-row timing of the MRAM bank: what a transfer costs beyond the measured average model.

/// Optional detail, off by default. The measured DMA model is that of PrIM's loops, in which hardly
/// two transfers in a row find their row open, and contains refresh. With the detail on, one row
/// miss (precharge and activation, after a write also its recovery, which holds up the transfer
/// behind it) and the average of refresh are taken off the model, and every transfer pays for the
/// rows that it really opens and for the refresh that it really meets: scattered transfers keep the
/// measured time, those that stay in a row get cheaper.
///
/// Times in picoseconds; they are of the DRAM and do not scale with the DPU clock. Source: JEDEC
/// DDR4 for a 4 Gb die; the vendor publishes none (basis: assumption, but tRCD and tRP are nearly
/// the same in every DRAM).
dram::Timing mramRows();
/// `refi` 0: no refresh.
void bindMramRows(Binder& binder, bool& detail, dram::Timing& rows);
/// Throws InputError when a value is impossible.
void checkMramRows(const dram::Timing& rows);

/// The bank on the state of models/dram, in 1/1000 DPU cycles that never go back.
class MramBank {
 public:
  explicit MramBank(const DpuTiming& timing);

  struct Access {
    dram::Clock begin = 0;     ///< after a refresh in progress
    dram::Clock extra = 0;     ///< time for precharges and activations
    std::uint64_t opened = 0;  ///< rows that it activated
    std::uint64_t hits = 0;    ///< rows found open
  };
  /// A transfer that the engine could begin at `begin` and that takes `data` besides its rows. Each
  /// row opens when the data of the one before are through.
  Access access(dram::Clock begin, std::uint32_t mram, std::uint32_t bytes, bool write,
                dram::Clock data);

  /// Part of the measured model that remains: occupancy or latency without row misses and refresh.
  double occupancy(double fixed, double perByte, std::uint32_t bytes, bool write) const;
  double latency(double fixed, double perByte, std::uint32_t bytes) const;

 private:
  dram::Clock refreshed(dram::Clock begin);
  void close(dram::Clock from);
  /// Cycles that a transfer of the measured model spends on rows.
  double misses(std::uint32_t bytes) const;

  std::uint32_t rowBytes_;
  dram::Timing rows_;
  dram::ChannelState state_;
  dram::Clock nextRefresh_;
};

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

// What a launch costs beyond the cycles of the program: the host's call and the slower real clock.

/// The values are those of a device file (`host.launch*`, `dpu.stretch`); see docs/dpu.md.
struct LaunchModel {
  double firstS = 128.1e-6;      ///< call of the host to its return, within one rank
  double againShare = 0.4;       ///< of firstS, for a launch straight after another: see time()
  double perRankS = 2e-6;        ///< each further rank
  double clockFactor = 1.00902;  ///< effective clock = nominal clock / clockFactor

  /// Launches in a row of `kernelS` seconds each at the nominal clock. The host owns the MRAM banks
  /// whenever it copies: before a launch it hands every bank to its DPU (most of `firstS`), then it
  /// boots and polls. A launch that follows another without a copy to or from MRAM in between finds
  /// the banks with the DPUs and pays `againShare`. `copiesBetween`: the host copies, so every
  /// launch pays in full.
  double time(double kernelS, std::int64_t launches = 1, bool copiesBetween = false,
              std::int64_t ranks = 1) const {
    const auto n = static_cast<double>(launches);
    const double first = firstS + perRankS * static_cast<double>(ranks - 1);
    return n * clockFactor * kernelS + first * (copiesBetween ? n : 1 + (n - 1) * againShare);
  }
};

}  // namespace wattlas::dpu
