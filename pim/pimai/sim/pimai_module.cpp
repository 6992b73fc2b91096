#include "pim/pimai/sim/pimai_module.h"

#include <algorithm>
#include <string>

namespace wattlas::pim {

PimAiChip::PimAiChip(const sc_core::sc_module_name& name, const PimAiParams& params, Done done)
    : sc_core::sc_module(name), params_(params), done_(std::move(done)) {
  SC_HAS_PROCESS(PimAiChip);
  SC_METHOD(stop);
  sensitive << wake_;
  dont_initialize();
}

void PimAiChip::start(const PimAiOp& op) {
  const std::int64_t channels = params_.fold == "auto" ? 1 : params_.channels;
  Ticks longest;
  for (std::int64_t c = 0; c < channels; ++c) {
    last_ = runStream(op, params_);
    steps_ += last_.steps;
    longest = std::max(longest, last_.time);
  }
  wake_.notify(toScTime(longest));
}

void PimAiChip::reset() {
  wake_.cancel();
  steps_ = 0;
  last_ = {};
}

PimAiModule::PimAiModule(const sc_core::sc_module_name& name, const PimAiDevice& device)
    : DeviceModule(name), device_(device) {
  const PimAiParams& p = device.params();
  const std::int64_t count = p.fold == "auto" ? 1 : p.chips;
  for (std::int64_t i = 0; i < count; ++i)
    chips_.push_back(std::make_unique<PimAiChip>(("chip" + std::to_string(i)).c_str(), p,
                                                 [this] { chipStopped(); }));
  SC_HAS_PROCESS(PimAiModule);
  SC_METHOD(over);
  sensitive << wake_;
  dont_initialize();
}

void PimAiModule::reset() {
  for (auto& chip : chips_) chip->reset();
  times_.clear();
  op_ = waiting_ = 0;
  events_ = 0;
  wake_.cancel();
}

void PimAiModule::start(const Program& program, Done done) {
  reset();
  program_ = &dynamic_cast<const PimAiProgram&>(program);
  done_ = std::move(done);
  begin(program_->operators().empty() ? Step::end : Step::exchange);
}

void PimAiModule::begin(Step step) {
  step_ = step;
  begun_ = sc_core::sc_time_stamp();
  if (step == Step::end) {
    wake_.notify(sc_core::SC_ZERO_TIME);
    return;
  }
  const PimAiOp& op = program_->operators()[op_];
  if (step == Step::exchange) {
    times_.emplace_back();
    wake_.notify(toScTime(PimAiDevice::exchangeTime(op, device_.params())));
  } else if (step == Step::stream) {
    // All chips have the program of the busiest: the program is over when that one is.
    waiting_ = chips_.size();
    for (auto& chip : chips_) chip->start(op);
  } else {
    wake_.notify(toScTime(toTicks(op.elements)));
  }
}

void PimAiModule::chipStopped() {
  if (--waiting_ == 0) wake_.notify(sc_core::SC_ZERO_TIME);
}

void PimAiModule::over() {
  ++events_;
  const Ticks took = fromScTime(sc_core::sc_time_stamp() - begun_);
  switch (step_) {
    case Step::exchange:
      times_.back().exchange = took;
      begin(Step::stream);
      return;
    case Step::stream: {
      const StreamRun& run = chips_.front()->last();
      times_.back().stream = took;
      // What ended last decides: data that waited for compute, or compute that waited for data.
      const PimAiOp& op = program_->operators()[op_];
      const double compute = op.operations > 0 ? op.operations / op.rate.value : 0.0;
      times_.back().bottleneck =
          compute > toSeconds(run.memory).value * 0.999 ? Bottleneck::compute : Bottleneck::memory;
      begin(Step::elements);
      return;
    }
    case Step::elements:
      times_.back().elements = took;
      ++op_;
      begin(op_ < program_->operators().size() ? Step::exchange : Step::end);
      return;
    case Step::end:
      if (done_) done_();
  }
}

Profile PimAiModule::take() {
  Profile profile = device_.profileOf(*program_, times_);
  profile.events = events_;
  for (const auto& chip : chips_) profile.events += chip->steps();
  const PimAiParams& p = device_.params();
  if (p.fold == "auto")
    profile.replications.push_back(
        {ReplicationKind::symmetry, p.chips * p.channels,
         std::to_string(p.chips) + " chips of " + std::to_string(p.channels) + " channels",
         "equal shares of every tensor, in step, nothing shared while they stream"});
  return profile;
}

}  // namespace wattlas::pim
