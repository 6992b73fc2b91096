// A memory with its controller as a SystemC module with a TLM-2.0 target socket, for models outside
// this project as well as inside.
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <systemc>
#include <unordered_map>
#include <vector>

#include "models/dram/memory.h"

namespace wattlas::dram {

/// Content of a memory, kept only where it was written. Unwritten bytes read as zero.
class Storage {
 public:
  void read(std::uint64_t address, unsigned char* data, std::size_t length) const;
  /// Bytes whose `enable` (repeated after `enableLength`) is 0 stay; null = all are written.
  void write(std::uint64_t address, const unsigned char* data, std::size_t length,
             const unsigned char* enable = nullptr, std::size_t enableLength = 0);

 private:
  static constexpr std::uint64_t pageBytes = 4096;
  using Page = std::array<unsigned char, pageBytes>;
  std::unordered_map<std::uint64_t, std::unique_ptr<Page>> pages_;
};

/// `target` takes reads and writes of any length inside the memory, byte enables included, without
/// streaming. A transaction is cut into accesses; it ends with the last of them.
///
/// b_transport (loosely timed) waits in the caller's SC_THREAD until the data is there, in
/// contention with everything else; an annotated delay is waited for first. nb_transport
/// (approximately timed, base protocol): END_REQ when the queues have room, BEGIN_RESP when the
/// data is there, one response at a time until END_RESP or TLM_COMPLETED. transport_dbg takes no
/// time. Data moves when a transaction arrives, so reads see all earlier writes.
///
/// One SC_METHOD, one event: the module wakes when a controller decides something or data is due,
/// never once per clock.
class DramModule : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<DramModule> target;

  /// Throws InputError for impossible parameters.
  DramModule(const sc_core::sc_module_name& name, const DramSpec& spec,
             const ControllerParams& params = {}, Level level = Level::event);

  DramMemory& memory() { return memory_; }
  const AddressMap& map() const { return memory_.map(); }
  /// Wake-ups of the method so far.
  std::int64_t wakes() const { return wakes_; }
  /// Accesses served so far.
  std::int64_t accesses() const { return accesses_; }
  /// Energy until now: refreshes and standby included. Only between transactions.
  DramLedger energy();

 private:
  struct Transaction {
    tlm::tlm_generic_payload* payload = nullptr;
    sc_core::sc_event* done = nullptr;  ///< who waits in b_transport
    Clock arrival = 0;
    std::int64_t left = 0;     ///< accesses not served
    std::int64_t outside = 0;  ///< accesses not yet in a queue
    bool accepted = false;     ///< END_REQ was sent
    Ticks finish;
  };

  void blocking(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  tlm::tlm_sync_enum forward(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                             sc_core::sc_time& delay);
  unsigned debug(tlm::tlm_generic_payload& payload);

  bool legal(tlm::tlm_generic_payload& payload, bool mayEnable) const;
  void move(tlm::tlm_generic_payload& payload);
  void accept(tlm::tlm_generic_payload& payload, sc_core::sc_event* done, sc_core::sc_time at);
  void work();
  void collect(Clock present);
  void endRequests();
  void respond();
  void wakeAt(Ticks time);
  Ticks now() const;
  Clock clockAt(Ticks time) const;

  DramSpec spec_;
  DramMemory memory_;
  Storage storage_;
  std::map<std::int64_t, Transaction> open_;        ///< by number, in order of arrival
  std::map<std::int64_t, std::int64_t> owner_;      ///< access -> transaction
  std::vector<std::deque<std::int64_t>> entering_;  ///< of each channel, accesses in order
  std::vector<std::int64_t> admitted_;
  std::deque<std::int64_t> fresh_;  ///< arrived, not yet handed over
  std::map<std::pair<Ticks, std::int64_t>, Transaction> finished_;
  std::deque<tlm::tlm_generic_payload*> responses_;
  bool responding_ = false;
  std::int64_t nextTransaction_ = 0, nextAccess_ = 0, wakes_ = 0, accesses_ = 0;
  sc_core::sc_event wake_;
};

}  // namespace wattlas::dram
