// Open-row timing of the MRAM bank: what a transfer costs beyond the measured average model.
#pragma once

#include "models/dram/channel_state.h"

namespace wattlas {
class Binder;
}

namespace wattlas::dpu {

struct DpuTiming;

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

}  // namespace wattlas::dpu
