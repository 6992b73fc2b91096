// A shared link as an SC module. Requests arrive over TLM-2.0 sockets as `Demand` extensions, are
// collected for one delta and then arbitrated in the order (time, priority, requester, sequence),
// so that the kernel's process order never shows.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>

#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "models/device_module.h"

namespace wattlas {

enum class Sharing { fair, fifo, priority, exclusive };
Sharing parseSharing(const std::string& name);

/// Bulk traffic instead of payload bytes. The initiator owns it for the life of its port.
struct DemandExtension : tlm::tlm_extension<DemandExtension> {
  Bits amount;
  BitRate peak;  ///< what the requester can take at most
  Ticks alone;   ///< duration with the link to itself; set by the port
  std::uint8_t priority = 0;
  bool write = false;  ///< direction: out of the device
  tlm::tlm_extension_base* clone() const override { return new DemandExtension(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const DemandExtension&>(other);
  }
};

/// Ports: any number of initiators on `in`. Parameters: rate (bit/s, per direction), sharing.
/// `exclusive` and `fifo` serve one demand at a time, whatever its direction.
/// Protocol: nb_transport BEGIN_REQ -> END_RESP when the last bit has passed. b_transport is for
/// SC_THREADs of outside programs and waits.
class LinkModule : public sc_core::sc_module {
 public:
  /// Bind any number of initiators; the order of binding numbers the requesters.
  tlm_utils::multi_passthrough_target_socket<LinkModule, 32, tlm::tlm_base_protocol_types, 0,
                                             sc_core::SC_ZERO_OR_MORE_BOUND>
      in;

  LinkModule(const sc_core::sc_module_name& name, BitRate rate, Sharing sharing);

  BitRate rate() const { return rate_; }
  Bits carried() const { return carried_; }
  std::int64_t events() const { return events_; }

 private:
  tlm::tlm_sync_enum forward(int requester, tlm::tlm_generic_payload& transaction,
                             tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void block(int requester, tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay);

  struct Flow {
    tlm::tlm_generic_payload* transaction = nullptr;
    const DemandExtension* demand = nullptr;
    int requester = 0;
    std::uint64_t sequence = 0;
    double left = 0;   ///< picoseconds of alone time still to go
    double speed = 0;  ///< alone picoseconds a picosecond: 1 = nobody else there
    Ticks finish;
    sc_core::sc_event* waiter = nullptr;  ///< b_transport only
  };

  void step();
  void advance(Ticks now);
  void admit();
  void share(Ticks now);
  void shareDirection(bool write);
  void respond(const Flow& flow);

  BitRate rate_;
  Sharing sharing_;
  std::vector<Flow> inbox_, active_;
  Ticks last_;
  std::uint64_t sequence_ = 0;
  std::int64_t events_ = 0;
  Bits carried_;
  sc_core::sc_event wake_;
};

/// The initiator side: one outstanding demand at a time, completion as a callback.
class LinkPort : public sc_core::sc_module, public tlm::tlm_bw_transport_if<> {
 public:
  using Done = std::function<void()>;
  LinkPort(const sc_core::sc_module_name& name, LinkModule& link);
  ~LinkPort() override;

  /// Sends `demand`; `alone` is its duration on an idle link (0 = amount / min(peak, rate)).
  void request(const Demand& demand, Ticks alone, Done done);

  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& transaction, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) override;
  void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}

 private:
  tlm::tlm_initiator_socket<> socket_;
  LinkModule& link_;
  tlm::tlm_generic_payload transaction_;
  DemandExtension extension_;
  Done done_;
};

}  // namespace wattlas
