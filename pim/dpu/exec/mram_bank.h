// Open-row timing of the MRAM bank: what a transfer costs beyond the measured average model.
#pragma once

#include <cstdint>

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
/// Times are of the DRAM and do not scale with the DPU clock. Source: JEDEC DDR4 for a 4 Gb die;
/// the vendor publishes none (basis: assumption, but tRCD and tRP are nearly the same in every
/// DRAM).
struct MramBankTiming {
  bool detail = false;
  double tRcdNs = 13.33;  ///< activation to data (JEDEC DDR4-2400; public simulator: 13.3)
  double tRpNs = 13.33;   ///< precharge (JEDEC DDR4-2400; public simulator: 13.3)
  double tRasNs = 32.5;   ///< activation to precharge (JEDEC DDR4; public simulator: 32.5)
  double tWrNs = 15;      ///< end of a write to precharge (JEDEC DDR4)
  double tRefiNs = 7800;  ///< between refreshes (JEDEC DDR4 up to 85 C; 0 = no refresh)
  double tRfcNs = 260;    ///< a refresh, all rows closed (JEDEC DDR4, 4 Gb: 260; 8 Gb: 350)

  void bind(Binder& binder);
  /// Throws InputError when a value is impossible.
  void check() const;
};

/// State of the bank. Times are in 1/1000 DPU cycles and never go back.
class MramBank {
 public:
  explicit MramBank(const DpuTiming& timing);

  struct Access {
    std::uint64_t begin = 0;  ///< after a refresh in progress
    std::uint64_t rows = 0;   ///< time for precharges and activations
    unsigned activations = 0;
    unsigned hits = 0;  ///< rows found open
  };
  /// A transfer that the engine could begin at `begin`.
  Access access(std::uint64_t begin, std::uint32_t mram, std::uint32_t bytes);
  /// The transfer is over; nothing else touched the bank.
  void end(std::uint64_t time, bool write);

  /// Part of the measured model that remains: occupancy or latency without row misses and refresh.
  double occupancy(double fixed, double perByte, std::uint32_t bytes, bool write) const;
  double latency(double fixed, double perByte, std::uint32_t bytes) const;

 private:
  std::uint64_t refreshed(std::uint64_t begin);

  static constexpr std::uint32_t kClosed = ~0U;
  std::uint32_t rowBytes_;
  std::uint64_t rcd_, rp_, ras_, wr_, refi_, rfc_;  ///< in 1/1000 cycles
  std::uint64_t nextRefresh_;
  std::uint32_t open_ = kClosed;
  std::uint64_t activated_ = 0, written_ = 0, idle_ = 0;
};

}  // namespace wattlas::dpu
