#include "pim/roofline/sim/roofline_module.h"

#include <algorithm>
#include <string>

namespace wattlas::pim {

RooflineModule::RooflineModule(const sc_core::sc_module_name& name, const RooflineDevice& device)
    : DeviceModule(name), device_(device) {
  SC_HAS_PROCESS(RooflineModule);
  SC_METHOD(over);
  sensitive << wake_;
  dont_initialize();
}

void RooflineModule::reset() {
  wake_.cancel();
  run_ = {};
  took_ = {};
  events_ = 0;
  exchanged_ = false;
}

void RooflineModule::start(const Program& program, Done done) {
  reset();
  program_ = &dynamic_cast<const RooflineProgram&>(program);
  done_ = std::move(done);
  begun_ = sc_core::sc_time_stamp();
  wake_.notify(toScTime(exchangeTime(program_->op(), device_.params())));
}

void RooflineModule::over() {
  ++events_;
  const Ticks now = fromScTime(sc_core::sc_time_stamp() - begun_);
  if (!exchanged_) {
    exchanged_ = true;
    // What the memory fetched during the exchange counts from the start of the program.
    run_ = runTiles(program_->op(), device_.params(), now);
    wake_.notify(toScTime(std::max(run_.time, now) - now));
    return;
  }
  took_ = now;
  if (done_) done_();
}

Profile RooflineModule::take() {
  const RooflineParams& p = device_.params();
  const Ticks exchange = exchangeTime(program_->op(), p);
  const Ticks slowest = std::max({run_.memory, run_.compute, run_.vector});
  const Bottleneck bottleneck = exchange > slowest       ? Bottleneck::link
                                : slowest == run_.memory ? Bottleneck::memory
                                                         : Bottleneck::compute;
  Profile profile = device_.profileOf(*program_, took_, bottleneck);
  profile.events = events_ + run_.steps;
  profile.statistics = {{"memory.busyS", toSeconds(run_.memory).value},
                        {"compute.busyS", toSeconds(run_.compute).value},
                        {"vector.busyS", toSeconds(run_.vector).value},
                        {"exchange.busyS", toSeconds(exchange).value}};
  if (p.units > 1)
    profile.replications.push_back(
        {ReplicationKind::symmetry, p.units, std::to_string(p.units) + " units",
         "equal shares of every tensor, in step; exchanges take all of them"});
  return profile;
}

}  // namespace wattlas::pim
