// All links of a platform as an SC module. Requests arrive over TLM-2.0 sockets as
// `TransferExtension` and are collected for one delta, so that the kernel's process order never
// shows.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>

#include <systemc>
#include <tlm>
#include <vector>

#include "models/base/units.h"
#include "models/sim/flows.h"

namespace wattlas {

inline sc_core::sc_time toScTime(Ticks t) {
  return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(t.ps));
}
inline Ticks fromScTime(const sc_core::sc_time& t) {
  return Ticks(static_cast<std::int64_t>(t.value()));
}
inline Ticks scNow() {
  return fromScTime(sc_core::sc_time_stamp());
}

/// Bulk traffic instead of payload bytes. The initiator owns it until END_RESP.
struct TransferExtension : tlm::tlm_extension<TransferExtension> {
  Bits amount;
  BitRate peak;                  ///< what the requester can take at most
  Ticks alone;                   ///< duration with the channels to itself; 0 = amount / rate
  std::vector<ChannelId> route;  ///< channels it crosses
  std::uint8_t priority = 0;
  std::int64_t requester = 0;  ///< order among simultaneous requests
  std::int64_t holder = 0;     ///< task that keeps exclusive links until `release`
  tlm::tlm_extension_base* clone() const override { return new TransferExtension(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const TransferExtension&>(other);
  }
};

/// Any number of initiators on `in`. Protocol: nb_transport BEGIN_REQ -> END_RESP when the last bit
/// has passed. b_transport is for SC_THREADs of outside programs: it waits, and holds exclusive
/// links for the one transfer.
class Interconnect : public sc_core::sc_module {
 public:
  tlm_utils::multi_passthrough_target_socket<Interconnect, 32, tlm::tlm_base_protocol_types, 0,
                                             sc_core::SC_ZERO_OR_MORE_BOUND>
      in;

  explicit Interconnect(const sc_core::sc_module_name& name);
  /// Channels of the next run; times count from now. Only while nothing is in flight.
  void configure(const std::vector<Channel>& channels);
  void release(std::int64_t holder);

  const std::vector<Channel>& channels() const { return channels_; }
  const std::vector<ResourceUse>& uses() const { return flows_.uses(); }
  const std::vector<ChannelSlice>& traffic() const { return flows_.traffic(); }
  std::int64_t events() const { return events_; }

 private:
  tlm::tlm_sync_enum forward(int initiator, tlm::tlm_generic_payload& transaction,
                             tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void block(int initiator, tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay);
  /// False when the transaction is no transfer over known channels.
  bool accept(int initiator, tlm::tlm_generic_payload& transaction, sc_core::sc_event* waiter);
  void step();

  struct Request {
    tlm::tlm_generic_payload* transaction;
    int initiator;
    sc_core::sc_event* waiter;  ///< b_transport only
    std::int64_t holder;
  };
  std::vector<Channel> channels_;
  Flows flows_;
  Ticks begin_;
  std::int64_t events_ = 0, outside_ = -2;
  sc_core::sc_event wake_;
};

}  // namespace wattlas
