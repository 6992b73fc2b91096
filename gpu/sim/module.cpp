#include "gpu/sim/module.h"

#include <cmath>
#include <stdexcept>

namespace wattlas::gpu {

GpuModule::GpuModule(const sc_core::sc_module_name& name, const Gpu& device)
    : DeviceModule(name), device_(device) {
  sc_core::sc_spawn_options options;
  options.spawn_method();
  options.dont_initialize();
  options.set_sensitivity(&next_);
  sc_core::sc_spawn([this] { wake(); }, "wake", &options);
}

void GpuModule::reset() {
  next_.cancel();
  program_ = nullptr;
  engine_.reset();
  done_ = nullptr;
  kernel_ = 0;
  elapsed_ = {};
  draining_ = false;
  events_ = 0;
  durations_.clear();
  energy_.clear();
  bounds_.clear();
  folds_.clear();
}

void GpuModule::start(const Program& program, Done done) {
  reset();
  program_ = dynamic_cast<const GpuProgram*>(&program);
  if (program_ == nullptr) throw std::logic_error("a GPU got a program of another device family");
  done_ = std::move(done);
  engine_.emplace(*program_->parameters);
  engine_->begin(program_->kernels.front());
  plan();
}

void GpuModule::plan() {
  const Ticks wait = toTicks(Seconds(engine_->next()));
  elapsed_ += wait;
  next_.notify(toScTime(wait));
}

void GpuModule::finishKernel() {
  const Kernel& k = program_->kernels[kernel_];
  const Parameters& p = *program_->parameters;
  // Events are those of the kernel; what depends on clock and caches is what happened here.
  Kernel happened = k;
  happened.dramBits = engine_->dramBits();
  const double v2 = k.groups.empty() && k.linkSteps == 0 ? 1.0 : engine_->onChip();
  happened.macs *= v2;
  happened.vectorOps *= v2;
  happened.l2Bits *= v2;
  happened.sharedBits *= v2;
  energy_.push_back(countsOf(p, device_.energyIds(), happened, 1.0,
                             {toTicks(Seconds(engine_->activeSeconds())), elapsed_}));
  durations_.push_back(elapsed_);
  const double fixed = k.start + k.latency;
  const double work = engine_->computeSeconds() + engine_->memorySeconds();
  if (k.linkSteps > 0)
    bounds_.push_back(Bottleneck::link);
  else if (fixed > work)
    bounds_.push_back(Bottleneck::latency);
  else
    bounds_.push_back(engine_->memorySeconds() > engine_->computeSeconds() ? Bottleneck::memory
                      : k.rowTimes                                         ? Bottleneck::latency
                                                                           : Bottleneck::compute);
  if (engine_->merged() > 1)
    folds_.push_back({ReplicationKind::periodicity, engine_->merged(),
                      k.name + ": waves in the middle",
                      "equal CTAs on the same SMs; the last waves run by themselves"});
}

void GpuModule::wake() {
  ++events_;
  if (!draining_) {
    engine_->advance();
    if (!engine_->finished()) return plan();
    finishKernel();
    // Dependent runs of one kernel are alike: the others take as long as the first.
    const std::int64_t others = program_->kernels[kernel_].repeat - 1;
    const Ticks repeated = times(elapsed_, others);
    elapsed_ = {};
    if (others > 0 && kernel_ + 1 == program_->kernels.size()) {
      kernel_ = program_->kernels.size();
      draining_ = true;
      next_.notify(toScTime(repeated));
      return;
    }
    if (++kernel_ < program_->kernels.size()) {
      engine_->begin(program_->kernels[kernel_]);
      return plan();
    }
    const Ticks streamed = toTicks(Bits(program_->streamedBits) / device_.info().ports[0].peak);
    if (streamed > durations_.front()) {
      draining_ = true;
      next_.notify(toScTime(streamed - durations_.front()));
      return;
    }
  }
  const Done done = std::move(done_);
  done_ = nullptr;
  done();
}

Profile GpuModule::take() {
  Profile profile = device_.profileOf(*program_, durations_, energy_, bounds_);
  profile.replications = folds_;
  profile.events = events_;
  return profile;
}

}  // namespace wattlas::gpu
