#include "gpu/sim/simulate.h"

#include "gpu/sim/waves.h"

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
    account(kernel);
  }

  void account(const Kernel& k) {
    // Events are those of the kernel; what depends on clock and caches is what happened here.
    Kernel happened = k;
    happened.dramBits = engine_.dramBits();
    const double v2 = k.groups.empty() && k.linkSteps == 0 ? 1.0 : engine_.onChip();
    happened.macs *= v2;
    happened.vectorOps *= v2;
    happened.l2Bits *= v2;
    happened.sharedBits *= v2;
    energy_.push_back(countsOf(p_, device_.energyIds(), happened, 1.0,
                               {toTicks(Seconds(engine_.activeSeconds())), durations_.back()}));
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
  std::vector<EnergyCounts> energy_;
  std::vector<Bottleneck> bounds_;
  std::vector<Replication> folds_;
};

}  // namespace

Profile simulateWaves(const Gpu& device, const GpuProgram& program) {
  return KernelRuns(device, program).profile(program);
}

}  // namespace wattlas::gpu
