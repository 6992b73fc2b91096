#include "fpga/dataflow_module.h"

#include <algorithm>
#include <stdexcept>

namespace wattlas::fpga {

DataflowModule::DataflowModule(const sc_core::sc_module_name& name, const DataflowDevice& device,
                               Fidelity fidelity)
    : DeviceModule(name), device_(device), fidelity_(fidelity) {
  SC_HAS_PROCESS(DataflowModule);
  SC_METHOD(step);
  dont_initialize();
  sensitive << wake_;
}

void DataflowModule::reset() {
  wake_.cancel();
  state_ = State::idle;
  program_ = nullptr;
  done_ = nullptr;
  trace_ = {};
  profile_ = {};
}

void DataflowModule::start(const Program& program, Done done) {
  if (state_ != State::idle) throw std::logic_error("a pipeline was started while it was running");
  program_ = dynamic_cast<const DataflowProgram*>(&program);
  if (program_ == nullptr) throw std::logic_error("a program of another device family");
  done_ = std::move(done);
  state_ = State::begin;
  wake_.notify(sc_core::SC_ZERO_TIME);
}

std::int64_t DataflowModule::inputEnd() const {
  const auto& actors = program_->design().pipeline.actors;
  std::int64_t end = 0;
  for (std::size_t i = 0; i < actors.size(); ++i)
    if (actors[i].kind == ActorKind::source) end = std::max(end, trace_.actors[i].end);
  return end;
}

void DataflowModule::step() {
  const auto at = [this](std::int64_t cycles) {
    return cyclesToTicks(cycles, device_.parameters().clock.value);
  };
  switch (state_) {
    case State::begin:
      trace_ = device_.run(*program_, fidelity_);
      if (!trace_.deadlock.empty())
        throw std::logic_error("a pipeline that was checked got stuck: " + trace_.deadlock);
      state_ = State::streaming;
      wake_.notify(toScTime(at(inputEnd())));
      return;
    case State::streaming:
      state_ = State::draining;
      wake_.notify(toScTime(at(trace_.cycles) - at(inputEnd())));
      return;
    case State::draining: {
      profile_ = device_.profileOf(*program_, trace_);
      state_ = State::idle;
      const Done done = std::move(done_);
      done_ = nullptr;
      done();
      return;
    }
    case State::idle:
      return;
  }
}

Profile DataflowModule::take() {
  return std::move(profile_);
}

std::vector<Fidelity> SimulatedDataflow::fidelities() const {
  return {Fidelity::analytic, Fidelity::event, Fidelity::detailed};
}

std::unique_ptr<DeviceModule> SimulatedDataflow::elaborate(const char* name,
                                                           Fidelity fidelity) const {
  if (fidelity == Fidelity::analytic) return nullptr;
  return std::make_unique<DataflowModule>(name, *this, fidelity);
}

std::unique_ptr<DataflowDevice> makeDataflow(Parameters parameters, ResolvedConfig config) {
  return std::make_unique<SimulatedDataflow>(std::move(parameters), std::move(config));
}

}  // namespace wattlas::fpga
