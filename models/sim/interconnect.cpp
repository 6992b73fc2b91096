#include "models/sim/interconnect.h"

#include <algorithm>
#include <memory>

namespace wattlas {

Interconnect::Interconnect(const sc_core::sc_module_name& name) : sc_module(name), in("in") {
  in.register_nb_transport_fw(this, &Interconnect::forward);
  in.register_b_transport(this, &Interconnect::block);
  SC_HAS_PROCESS(Interconnect);
  SC_METHOD(step);
  sensitive << wake_;
  dont_initialize();
}

void Interconnect::configure(const std::vector<Channel>& channels) {
  channels_ = channels;
  flows_.configure(channels);
  begin_ = scNow();
  events_ = 0;
}

void Interconnect::release(std::int64_t holder) {
  if (flows_.release(holder)) wake_.notify(sc_core::SC_ZERO_TIME);
}

bool Interconnect::accept(int initiator, tlm::tlm_generic_payload& transaction,
                          sc_core::sc_event* waiter) {
  const auto* transfer = transaction.get_extension<TransferExtension>();
  if (transfer == nullptr || transfer->route.empty()) return false;
  Flow flow;
  flow.want = transfer->peak;
  for (const ChannelId c : transfer->route) {
    if (c < 0 || static_cast<std::size_t>(c) >= channels_.size()) return false;
    flow.want = std::min(flow.want, channels_[static_cast<std::size_t>(c)].rate);
  }
  flow.route = transfer->route;
  flow.amount = transfer->amount;
  flow.alone = std::max(transfer->alone, toTicks(transfer->amount / flow.want));
  flow.priority = transfer->priority;
  flow.requester = transfer->requester;
  // An outside thread holds exclusive links for one transfer.
  flow.holder = waiter != nullptr ? outside_-- : transfer->holder;
  flow.user = new Request{&transaction, initiator, waiter, flow.holder};
  flows_.add(std::move(flow));
  wake_.notify(sc_core::SC_ZERO_TIME);
  return true;
}

tlm::tlm_sync_enum Interconnect::forward(int initiator, tlm::tlm_generic_payload& transaction,
                                         tlm::tlm_phase& phase, sc_core::sc_time&) {
  if (phase != tlm::BEGIN_REQ || accept(initiator, transaction, nullptr)) return tlm::TLM_ACCEPTED;
  transaction.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
  return tlm::TLM_COMPLETED;
}

void Interconnect::block(int initiator, tlm::tlm_generic_payload& transaction,
                         sc_core::sc_time& delay) {
  sc_core::wait(delay);
  delay = sc_core::SC_ZERO_TIME;
  sc_core::sc_event finished;
  if (!accept(initiator, transaction, &finished)) {
    transaction.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
    return;
  }
  sc_core::wait(finished);
  transaction.set_response_status(tlm::TLM_OK_RESPONSE);
}

void Interconnect::step() {
  ++events_;
  const Ticks now = scNow() - begin_;
  const std::vector<Flow> ended = flows_.step(now);
  wake_.cancel();
  if (flows_.next().ps >= 0) wake_.notify(toScTime(flows_.next() - now));
  for (const Flow& flow : ended) {
    const std::unique_ptr<Request> request(static_cast<Request*>(flow.user));
    if (request->waiter != nullptr) {
      release(request->holder);
      request->waiter->notify(sc_core::SC_ZERO_TIME);
      continue;
    }
    tlm::tlm_phase phase = tlm::END_RESP;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    request->transaction->set_response_status(tlm::TLM_OK_RESPONSE);
    in[request->initiator]->nb_transport_bw(*request->transaction, phase, delay);
  }
}

}  // namespace wattlas
