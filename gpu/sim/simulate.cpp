// A GPU program run by waves of CTAs, from one change of a cohort's state to the next.
#include "gpu/device.h"
#include "gpu/sim/waves.h"
#include "gpu/timing.h"

namespace wattlas::gpu {
namespace {

/// The kernels of one program, one after the other.
class KernelRuns {
 public:
  KernelRuns(const Gpu& device, const GpuProgram& program)
      : device_(device),
        p_(*program.parameters),
        engine_(p_, operatingPoint(p_, program.kernels, program.rest).limit) {
    for (const Kernel& kernel : program.kernels) run(kernel);
    if (program.kernels.front().op != program.kernels.back().op) beside(program);
    for (std::size_t i = 0; i < program.kernels.size(); ++i) account(i);
    // Parameters still stream in when the kernels are done.
    const Ticks streamed = toTicks(Bits(program.streamedBits) / device_.info().ports[0].peak);
    if (streamed > durations_.front()) ++events_;
  }

  Profile profile(const GpuProgram& program) {
    Profile profile = device_.profileOf(program, durations_, energy_, bounds_);
    profile.replications = std::move(folds_);
    profile.events = events_;
    return profile;
  }

 private:
  void run(const Kernel& kernel) {
    engine_.begin(kernel);
    Ticks elapsed;
    do {
      elapsed += toTicks(Seconds(engine_.next()));
      engine_.advance();
      ++events_;
    } while (!engine_.finished());
    durations_.push_back(elapsed);
    // Events are those of the kernel; what depends on clock and caches is what happened here.
    Kernel happened = kernel;
    happened.dramBits = engine_.dramBits();
    const double v2 = kernel.groups.empty() && kernel.linkSteps == 0 ? 1.0 : engine_.onChip();
    happened.macs *= v2;
    happened.vectorOps *= v2;
    happened.l2Bits *= v2;
    happened.sharedBits *= v2;
    happened_.push_back(std::move(happened));
    active_.push_back(engine_.activeSeconds());
    bound(kernel);
  }

  /// Kernels of several streams share the chip: each takes its part of the time of all.
  void beside(const GpuProgram& program) {
    std::vector<std::vector<StreamWork>> streams;
    double apart = 0;
    for (std::size_t i = 0; i < durations_.size(); ++i) {
      if (i == 0 || program.kernels[i].op != program.kernels[i - 1].op) streams.emplace_back();
      const double runs = static_cast<double>(program.kernels[i].repeat);
      const double seconds = toSeconds(durations_[i]).value;
      StreamWork work = streamWork(p_, happened_[i], seconds);
      work.seconds *= runs;
      apart += work.seconds;
      streams.back().push_back(work);
    }
    const StreamRun all = runStreams(streams);
    events_ += all.steps;
    const double part = apart > 0 ? all.seconds / apart : 1.0;
    for (std::size_t i = 0; i < durations_.size(); ++i) {
      durations_[i] = toTicks(Seconds(toSeconds(durations_[i]).value * part));
      active_[i] *= part;
    }
  }

  void account(std::size_t i) {
    energy_.push_back(countsOf(p_, device_.energyIds(), happened_[i], 1.0,
                               {toTicks(Seconds(active_[i])), durations_[i]}));
  }

  void bound(const Kernel& k) {
    const double fixed = k.start + k.latency;
    const double work = engine_.computeSeconds() + engine_.memorySeconds();
    if (k.linkSteps > 0)
      bounds_.push_back(Bottleneck::link);
    else if (fixed > work)
      bounds_.push_back(Bottleneck::latency);
    else
      bounds_.push_back(engine_.memorySeconds() > engine_.computeSeconds() ? Bottleneck::memory
                        : k.rowTimes                                       ? Bottleneck::latency
                                                                           : Bottleneck::compute);
    if (engine_.merged() > 1)
      folds_.push_back({ReplicationKind::periodicity, engine_.merged(),
                        k.name + ": waves in the middle",
                        "equal CTAs on the same SMs; the last waves run by themselves"});
  }

  const Gpu& device_;
  const Parameters& p_;
  WaveEngine engine_;
  std::int64_t events_ = 0;
  std::vector<Ticks> durations_;
  std::vector<Kernel> happened_;  ///< the kernels, with the events that they had
  std::vector<double> active_;    ///< seconds, weighted by clock and voltage
  std::vector<EnergyCounts> energy_;
  std::vector<Bottleneck> bounds_;
  std::vector<Replication> folds_;
};

}  // namespace

Profile Gpu::simulate(const Program& program, Fidelity) const {
  const auto& own = dynamic_cast<const GpuProgram&>(program);
  return KernelRuns(*this, own).profile(own);
}

}  // namespace wattlas::gpu
