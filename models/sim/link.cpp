#include "models/sim/link.h"

#include <algorithm>
#include <cmath>

#include "models/base/error.h"

namespace wattlas {

Sharing parseSharing(const std::string& name) {
  if (name == "fair") return Sharing::fair;
  if (name == "fifo") return Sharing::fifo;
  if (name == "priority") return Sharing::priority;
  if (name == "exclusive") return Sharing::exclusive;
  throw InputError("'" + name + "' is not a way to share a link",
                   "fair, fifo, priority or exclusive");
}

LinkModule::LinkModule(const sc_core::sc_module_name& name, BitRate rate, Sharing sharing)
    : sc_module(name), in("in"), rate_(rate), sharing_(sharing) {
  in.register_nb_transport_fw(this, &LinkModule::forward);
  in.register_b_transport(this, &LinkModule::block);
  SC_HAS_PROCESS(LinkModule);
  SC_METHOD(step);
  sensitive << wake_;
  dont_initialize();
}

tlm::tlm_sync_enum LinkModule::forward(int requester, tlm::tlm_generic_payload& transaction,
                                       tlm::tlm_phase& phase, sc_core::sc_time&) {
  if (phase != tlm::BEGIN_REQ) return tlm::TLM_ACCEPTED;
  Flow flow;
  flow.transaction = &transaction;
  flow.demand = transaction.get_extension<DemandExtension>();
  if (flow.demand == nullptr) {
    transaction.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
    return tlm::TLM_COMPLETED;
  }
  flow.requester = requester;
  flow.sequence = sequence_++;
  inbox_.push_back(flow);
  wake_.notify(sc_core::SC_ZERO_TIME);
  return tlm::TLM_ACCEPTED;
}

void LinkModule::block(int requester, tlm::tlm_generic_payload& transaction,
                       sc_core::sc_time& delay) {
  sc_core::wait(delay);
  delay = sc_core::SC_ZERO_TIME;
  auto* demand = transaction.get_extension<DemandExtension>();
  if (demand == nullptr) {
    transaction.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
    return;
  }
  demand->alone = toTicks(demand->amount / BitRate(std::min(demand->peak.value, rate_.value)));
  sc_core::sc_event finished;
  Flow flow;
  flow.transaction = &transaction;
  flow.demand = demand;
  flow.requester = requester;
  flow.sequence = sequence_++;
  flow.waiter = &finished;
  inbox_.push_back(flow);
  wake_.notify(sc_core::SC_ZERO_TIME);
  sc_core::wait(finished);
  transaction.set_response_status(tlm::TLM_OK_RESPONSE);
}

void LinkModule::advance(Ticks now) {
  const double elapsed = static_cast<double>((now - last_).ps);
  for (Flow& flow : active_) flow.left -= elapsed * flow.speed;
  last_ = now;
}

void LinkModule::admit() {
  // All requests of this time are here: the kernel's order no longer matters.
  std::sort(inbox_.begin(), inbox_.end(), [](const Flow& a, const Flow& b) {
    if (a.demand->priority != b.demand->priority) return a.demand->priority > b.demand->priority;
    if (a.requester != b.requester) return a.requester < b.requester;
    return a.sequence < b.sequence;
  });
  for (Flow& flow : inbox_) {
    flow.left = static_cast<double>(flow.demand->alone.ps);
    active_.push_back(flow);
  }
  inbox_.clear();
  if (sharing_ == Sharing::priority)
    std::stable_sort(active_.begin(), active_.end(), [](const Flow& a, const Flow& b) {
      return a.demand->priority > b.demand->priority;
    });
}

void LinkModule::shareDirection(bool write) {
  // Speed of a flow = share of the rate it gets / what it could take alone.
  double free = rate_.value;
  std::vector<Flow*> waiting;
  for (Flow& flow : active_)
    if (flow.demand->write == write) waiting.push_back(&flow);
  if (sharing_ == Sharing::fair)  // max-min: who wants least is served first
    std::stable_sort(waiting.begin(), waiting.end(), [](const Flow* a, const Flow* b) {
      return a->demand->peak.value < b->demand->peak.value;
    });
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const double want = std::min(waiting[i]->demand->peak.value, rate_.value);
    const double most =
        sharing_ == Sharing::fair ? free / static_cast<double>(waiting.size() - i) : free;
    const double given = std::min(want, most);
    waiting[i]->speed = given / want;
    free -= given;
  }
}

void LinkModule::share(Ticks now) {
  if (sharing_ == Sharing::exclusive || sharing_ == Sharing::fifo) {
    for (std::size_t i = 0; i < active_.size(); ++i) active_[i].speed = i == 0 ? 1.0 : 0.0;
  } else {
    shareDirection(false);
    shareDirection(true);
  }
  Ticks next(-1);
  for (Flow& flow : active_) {
    if (flow.speed <= 0) {
      flow.finish = Ticks(-1);
      continue;
    }
    // Exact for a flow that never shared: left is whole picoseconds and speed is 1.
    flow.finish = now + Ticks(static_cast<std::int64_t>(std::ceil(flow.left / flow.speed - 1e-6)));
    if (next.ps < 0 || flow.finish < next) next = flow.finish;
  }
  wake_.cancel();
  if (next.ps >= 0) wake_.notify(toScTime(next - now));
}

void LinkModule::respond(const Flow& flow) {
  carried_ += flow.demand->amount;
  if (flow.waiter != nullptr) {
    flow.waiter->notify(sc_core::SC_ZERO_TIME);
    return;
  }
  tlm::tlm_phase phase = tlm::END_RESP;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  flow.transaction->set_response_status(tlm::TLM_OK_RESPONSE);
  in[flow.requester]->nb_transport_bw(*flow.transaction, phase, delay);
}

void LinkModule::step() {
  ++events_;
  const Ticks now = fromScTime(sc_core::sc_time_stamp());
  advance(now);
  std::vector<Flow> finished;
  for (const Flow& flow : active_)
    if (flow.finish.ps >= 0 && flow.finish <= now && flow.speed > 0) finished.push_back(flow);
  std::erase_if(active_, [&](const Flow& flow) {
    return flow.finish.ps >= 0 && flow.finish <= now && flow.speed > 0;
  });
  admit();
  share(now);
  for (const Flow& flow : finished) respond(flow);
}

LinkPort::LinkPort(const sc_core::sc_module_name& name, LinkModule& link)
    : sc_module(name), socket_("out"), link_(link) {
  socket_.bind(*this);
  socket_.bind(link.in);
  transaction_.set_extension(&extension_);
}

LinkPort::~LinkPort() {
  // The payload would delete its extension, which is a member here.
  transaction_.clear_extension(&extension_);
}

void LinkPort::request(const Demand& demand, Ticks alone, Done done) {
  extension_.amount = demand.amount;
  extension_.peak = demand.peak;
  extension_.priority = demand.priority;
  extension_.write = demand.write;
  const double rate = std::min(demand.peak.value, link_.rate().value);
  extension_.alone = std::max(alone, toTicks(demand.amount / BitRate(rate)));
  done_ = std::move(done);
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  socket_->nb_transport_fw(transaction_, phase, delay);
}

tlm::tlm_sync_enum LinkPort::nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase& phase,
                                             sc_core::sc_time&) {
  if (phase == tlm::END_RESP && done_) {
    // The callback may send the next request at once.
    Done done = std::move(done_);
    done_ = nullptr;
    done();
  }
  return tlm::TLM_COMPLETED;
}

}  // namespace wattlas
