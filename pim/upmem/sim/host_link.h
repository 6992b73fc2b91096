// The host's side of the memory channels: transfers to and from many ranks follow the measured
// model; requests that arrive while one is under way wait their turn.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "pim/upmem/sim/rank_module.h"

namespace wattlas::pim {

class HostLinkModule : public sc_core::sc_module, public tlm::tlm_bw_transport_if<> {
 public:
  using Done = std::function<void()>;
  HostLinkModule(const sc_core::sc_module_name& name, const UpmemParams& params);
  /// Adds a rank before elaboration ends; returns its index.
  std::size_t connect(RankModule& rank);

  /// DPUs of each connected rank that take part (times how many like it, when folded).
  struct Parts {
    std::vector<std::int64_t> dpus;
  };
  void transfer(const Exchange& exchange, const Parts& parts, Done done);
  /// Starts the DPUs of one rank; false when it still runs.
  bool launch(std::size_t rank, const Kernel& kernel, const std::vector<int>& classOf);

  void reset();
  std::int64_t events() const { return events_; }
  Ticks busy() const { return busy_; }

  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&,
                                     sc_core::sc_time&) override {
    return tlm::TLM_ACCEPTED;
  }
  void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}

 private:
  struct Request {
    Exchange exchange;
    Parts parts;
    Done done;
  };
  void begin();
  void step();
  bool send(std::size_t rank, RankCommand& command);

  const UpmemParams& params_;
  std::vector<std::unique_ptr<tlm::tlm_initiator_socket<>>> sockets_;
  std::deque<Request> queue_;
  bool active_ = false;
  std::int64_t events_ = 0;
  Ticks busy_;
  sc_core::sc_event wake_;
  tlm::tlm_generic_payload payload_;
};

}  // namespace wattlas::pim
