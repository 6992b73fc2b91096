#include "pim/nearbank/sim/nearbank_module.h"

#include <algorithm>
#include <string>

#include "pim/nearbank/command_run.h"

namespace wattlas::pim::nearbank {

NearBankModule::NearBankModule(const sc_core::sc_module_name& name, const NearBankDevice& device,
                               Fidelity fidelity)
    : DeviceModule(name), device_(device), fidelity_(fidelity) {
  SC_HAS_PROCESS(NearBankModule);
  SC_METHOD(next);
  sensitive << wake_;
  dont_initialize();
}

void NearBankModule::reset() {
  wake_.cancel();
  times_.clear();
  debt_ = Ticks(0);
  steps_ = refreshes_ = 0;
  folded_ = 1;
  op_ = 0;
}

void NearBankModule::start(const Program& program, Done done) {
  reset();
  program_ = &dynamic_cast<const NearBankProgram&>(program);
  done_ = std::move(done);
  wake_.notify(sc_core::SC_ZERO_TIME);
}

ChannelResult NearBankModule::run(const NearBankOp& op) const {
  const NearBankParams& p = device_.params();
  if (op.sequence.sections.empty()) return {};
  if (fidelity_ == Fidelity::detailed) return CommandRun(p, op.alone).run(op.sequence);
  const bool fold = p.fold == "auto";
  ChannelResult result;
  // Channels share nothing while they run and have the program of the busiest.
  for (std::int64_t c = 0; c < (fold ? 1 : p.channels); ++c) {
    ChannelResult one = Channel(p, fold, op.alone).run(op.sequence);
    one.steps += result.steps;
    one.time = std::max(one.time, result.time);
    result = std::move(one);
  }
  return result;
}

void NearBankModule::next() {
  ++steps_;
  if (op_ == program_->operators().size()) {
    if (done_) done_();
    return;
  }
  const NearBankOp& op = program_->operators()[op_++];
  const ChannelResult result = run(op);
  steps_ += result.steps;
  refreshes_ += result.refreshes;
  debt_ = std::max(debt_, result.refreshDebt);
  folded_ = std::max(folded_, result.folded);
  times_.push_back(result.time);
  wake_.notify(toScTime(std::max(device_.duration(op, result.time), op.bound)));
}

Profile NearBankModule::take() {
  Profile profile = device_.profileOf(*program_, times_);
  device_.explain(*program_, profile);
  profile.events = steps_;
  profile.refreshDebt = debt_;
  profile.statistics = {{"refreshes", static_cast<double>(refreshes_)}};
  const NearBankParams& p = device_.params();
  if (p.fold == "auto" || fidelity_ == Fidelity::detailed)
    profile.replications.push_back({ReplicationKind::symmetry, p.channels,
                                    std::to_string(p.channels) + " channels",
                                    "equal shares of every tensor, in step, nothing shared"});
  if (folded_ > 1)
    profile.replications.push_back(
        {ReplicationKind::periodicity, folded_, "equal tiles of a product",
         "complete relative state of banks, buses and registers recurs, no "
         "refresh in between"});
  return profile;
}

}  // namespace wattlas::pim::nearbank
