// One rank as an SC module for outside programs: a TLM-2.0 target for the host (MRAM windows and
// control), DPUs as plain structs inside.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "models/sim/time.h"
#include "pim/upmem/sim/rank_run.h"

namespace wattlas::pim {

/// What a launch or a bulk transfer means, instead of payload bytes.
struct RankCommand : tlm::tlm_extension<RankCommand> {
  enum class Kind { launch, transfer } kind = Kind::transfer;
  /// Launch: work of each DPU of the rank (index into `kernel->classes`, -1 = idle).
  const Kernel* kernel = nullptr;
  std::vector<int> classOf;
  /// Transfer: bytes of each DPU that takes part.
  std::int64_t bytesPerDpu = 0, dpus = 0;
  tlm::tlm_extension_base* clone() const override { return new RankCommand(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const RankCommand&>(other);
  }
};

/// Address map of the host window: DPU d owns [d * window, d * window + MRAM size); a write to
/// `control` with a RankCommand launches or announces a transfer.
class RankModule : public sc_core::sc_module, public tlm::tlm_fw_transport_if<> {
 public:
  static constexpr std::uint64_t control = std::uint64_t{1} << 48;
  static constexpr std::uint64_t window = std::uint64_t{1} << 32;

  /// `detailed` runs banks command by command and folds nothing.
  RankModule(const sc_core::sc_module_name& name, const UpmemParams& params, bool detailed);

  tlm::tlm_target_socket<> host;  ///< bind the host link here

  /// Called in the evaluation phase in which all DPUs of the rank have stopped.
  void onStop(std::function<void()> callback) { stopped_ = std::move(callback); }
  bool running() const { return running_; }
  void reset();

  const RankCounters& counters() const { return counters_; }  ///< since reset
  Bits moved() const { return moved_; }

  /// Memory accesses: MRAM contents are kept in pages that were written. While DPUs run, the host
  /// has no access (TLM_COMMAND_ERROR_RESPONSE). The delay is annotated, never waited for.
  void b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay) override;
  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& transaction, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) override;
  bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
  unsigned int transport_dbg(tlm::tlm_generic_payload& transaction) override;

 private:
  static constexpr std::uint64_t pageBytes = 4096;
  bool command(const RankCommand& command);
  bool access(tlm::tlm_generic_payload& transaction);
  void stop();

  const UpmemParams& params_;
  bool detailed_;
  sc_core::sc_event wake_;
  std::function<void()> stopped_;
  bool running_ = false;
  RankCounters counters_;
  Bits moved_;
  std::map<std::uint64_t, std::array<unsigned char, pageBytes>> pages_;
};

}  // namespace wattlas::pim
