// A rank of UPMEM DPUs as a SystemC module with TLM-2.0 target sockets, for host models outside
// this project as well as inside.
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "pim/dpu/exec/machine.h"

namespace wattlas::dpu {

struct DpuRankOptions {
  unsigned dpus = 64;  ///< 1..64; a rank of a UPMEM DIMM has 8 chips of 8 DPUs
  DpuRunOptions run;
  /// What a host transfer through `memory` adds to the transaction's delay. Defaults: PrIM, one
  /// rank with parallel transfers, 6.68 GB/s to and 4.74 GB/s from the DPUs.
  double hostWriteBytesPerS = 6.68e9, hostReadBytesPerS = 4.74e9;
};

/// `memory` maps DPU d at d * 128 MB: 64 MB of MRAM, then 64 KB of WRAM (the window that the
/// control interface of the hardware gives; it is used for symbols). Reads and writes of any
/// length inside one memory; no byte enables, no streaming. While a DPU runs, its memories belong
/// to it: the transaction then ends with TLM_GENERIC_ERROR_RESPONSE and moves nothing.
///
/// `control` has 64-bit little-endian registers (8-byte transactions):
///   0x00 boot          write: mask of DPUs to start; a running or faulted-out one is an error
///   0x08 running       read: mask of DPUs that run
///   0x10 fault         read: mask of DPUs whose last run ended with an error; text by lastResult()
///   0x18 select        DPU that the next registers show
///   0x20 cycles        read: cycles of its last run
///   0x28 instructions  read: instructions of its last run
///
/// A run is executed when it is booted, and its end - cycles over the DPU clock later - is one
/// event of the module. Memory content becomes visible to the host at that time.
class DpuRank : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<DpuRank> memory;
  tlm_utils::simple_target_socket<DpuRank> control;

  static constexpr std::uint64_t kWindow = 128ULL << 20;
  static constexpr std::uint64_t kWramOffset = 64ULL << 20;
  enum Register : std::uint64_t {
    boot = 0x00,
    running = 0x08,
    fault = 0x10,
    select = 0x18,
    cycles = 0x20,
    instructions = 0x28,
  };

  /// Throws InputError for impossible options.
  DpuRank(const sc_core::sc_module_name& name, DpuRankOptions options);

  unsigned size() const { return static_cast<unsigned>(dpus_.size()); }
  /// Loads a program into every DPU (MRAM keeps its content); no DPU may run.
  void load(const Program& program);
  /// The DPU itself, for symbols and registers; only while it does not run (InputError).
  DpuMachine& dpu(unsigned index);
  const DpuRunResult& lastResult(unsigned index) const { return dpus_.at(index).result; }
  std::uint64_t runningMask() const { return running_; }
  /// Notified whenever a DPU ends.
  const sc_core::sc_event& ended() const { return wake_; }

 private:
  struct Dpu {
    DpuMachine machine;
    DpuRunResult result;
    sc_core::sc_time end;
  };

  void accessMemory(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned debugMemory(tlm::tlm_generic_payload& payload);
  void accessControl(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  tlm::tlm_response_status transfer(tlm::tlm_generic_payload& payload);
  tlm::tlm_response_status bootDpus(std::uint64_t mask, const sc_core::sc_time& delay);
  std::uint64_t readRegister(std::uint64_t address) const;
  void endRuns();
  void scheduleNext();

  DpuRankOptions options_;
  std::vector<Dpu> dpus_;
  std::uint64_t running_ = 0, fault_ = 0, select_ = 0;
  sc_core::sc_event wake_;
};

}  // namespace wattlas::dpu
