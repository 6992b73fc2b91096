#include "pim/upmem/sim/host_link.h"

#include <stdexcept>
#include <string>

namespace wattlas::pim {

HostLinkModule::HostLinkModule(const sc_core::sc_module_name& name, const UpmemParams& params)
    : sc_core::sc_module(name), params_(params) {
  SC_HAS_PROCESS(HostLinkModule);
  SC_METHOD(step);
  sensitive << wake_;
  dont_initialize();
}

std::size_t HostLinkModule::connect(RankModule& rank) {
  const std::string name = "toRank" + std::to_string(sockets_.size());
  sockets_.push_back(std::make_unique<tlm::tlm_initiator_socket<>>(name.c_str()));
  sockets_.back()->bind(*this);
  sockets_.back()->bind(rank.host);
  return sockets_.size() - 1;
}

bool HostLinkModule::send(std::size_t rank, RankCommand& command) {
  payload_.set_command(tlm::TLM_WRITE_COMMAND);
  payload_.set_address(RankModule::control);
  payload_.set_data_length(0);
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  payload_.set_extension(&command);
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  (*sockets_.at(rank))->b_transport(payload_, delay);
  payload_.clear_extension(&command);
  return payload_.is_response_ok();
}

bool HostLinkModule::launch(std::size_t rank, const Kernel& kernel,
                            const std::vector<int>& classOf) {
  RankCommand command;
  command.kind = RankCommand::Kind::launch;
  command.kernel = &kernel;
  command.classOf = classOf;
  return send(rank, command);
}

void HostLinkModule::transfer(const Exchange& exchange, const Parts& parts, Done done) {
  queue_.push_back({exchange, parts, std::move(done)});
  if (!active_) begin();
}

void HostLinkModule::begin() {
  const Request& request = queue_.front();
  active_ = true;
  for (std::size_t i = 0; i < request.parts.dpus.size(); ++i) {
    if (request.parts.dpus[i] == 0) continue;
    RankCommand command;
    command.bytesPerDpu = request.exchange.bytesPerDpu;
    command.dpus = request.parts.dpus[i];
    if (!send(i, command))
      throw std::logic_error("host transfer while the DPUs of " + std::string(name()) + " run");
  }
  const Exchange& x = request.exchange;
  const Ticks time = toTicks(params_.host.copy(x.pattern, x.toDevice, x.dpus, x.bytesPerDpu));
  busy_ += time;
  wake_.notify(toScTime(time));
}

void HostLinkModule::step() {
  ++events_;
  Request request = std::move(queue_.front());
  queue_.pop_front();
  active_ = false;
  if (!queue_.empty()) begin();
  request.done();
}

void HostLinkModule::reset() {
  queue_.clear();
  active_ = false;
  events_ = 0;
  busy_ = Ticks(0);
  wake_.cancel();
}

}  // namespace wattlas::pim
