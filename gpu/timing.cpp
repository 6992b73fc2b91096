#include "gpu/timing.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace wattlas::gpu {
namespace {

/// Seconds of the SMs. CTAs of one group run in whole waves; of several groups the long ones start
/// first, so that only about half of the shortest stands out at the end.
double computeSeconds(const Parameters& p, const Kernel& kernel, double hertz) {
  const double lanes = static_cast<double>(p.sms) * kernel.parallelPerSm;
  if (kernel.groups.size() == 1) {
    const CtaGroup& only = kernel.groups.front();
    const double waves = std::ceil(static_cast<double>(only.count) / lanes);
    return std::max(waves, kernel.ctasToFill) * only.cycles / hertz;
  }
  double longest = 0, shortest = std::numeric_limits<double>::infinity();
  for (const CtaGroup& group : kernel.groups) {
    longest = std::max(longest, group.cycles);
    shortest = std::min(shortest, group.cycles);
  }
  if (kernel.groups.empty()) return 0;
  return std::max(longest, kernel.totalCycles() / lanes + 0.5 * shortest) / hertz;
}

/// Seconds of few long CTAs, wave by wave: the last wave has device memory to itself, and what one
/// SM draws may limit it.
double waveSeconds(const Parameters& p, const Kernel& kernel, double hertz, double memory) {
  const CtaGroup& only = kernel.groups.front();
  const double sms = static_cast<double>(p.sms), slots = static_cast<double>(kernel.slotsPerSm);
  const double ctas = static_cast<double>(only.count), wave = sms * slots;
  const double full = std::floor(ctas / wave), rest = ctas - full * wave;
  const auto busy = [&](double perSm) {
    return only.cycles * std::max(1.0, perSm / kernel.parallelPerSm) / hertz;
  };
  double seconds = full * std::max(busy(slots), memory * wave / ctas);
  if (rest > 0) seconds += std::max(busy(std::ceil(rest / sms)), memory * rest / ctas);
  return seconds;
}

const CallCost& callOf(const CallCosts& calls, const Operator& op) {
  switch (op.kind) {
    case OpKind::gemm:
    case OpKind::hamming:
      return op.hasWeights ? calls.product : calls.batched;
    case OpKind::conv1d:
    case OpKind::conv2d:
      return calls.convolution;
    case OpKind::attention:
      return calls.attention;
    case OpKind::softmax:
      return calls.softmax;
    case OpKind::norm:
      return calls.norm;
    case OpKind::add:
      return calls.element;
    case OpKind::activation:
      return op.variant == OpVariant::tanh ? calls.element : calls.module;
    default:
      return calls.module;
  }
}

}  // namespace

double measuredSeconds(const Parameters& p, const Operator& op, Timing timing, double seconds) {
  const CallCost& call = callOf(p.launch.calls, op);
  if (timing == Timing::hostSync) return seconds + call.sync.value.value;
  // The host's call and the record of the second event run while the kernel does.
  if (timing == Timing::event)
    return std::max(seconds + call.before.value.value, call.least.value.value);
  return seconds;
}

double reachableDram(const Parameters& p, const Kernel& kernel) {
  return std::min(1.0, kernel.dramShare * p.memory.reach.value.value) *
         p.memory.bandwidth.value.value;
}

double dramRate(const Parameters& p, const Kernel& kernel, double resident) {
  const double reachable = reachableDram(p, kernel);
  const double inFlight = kernel.groups.empty() ? 0 : kernel.groups.front().inFlight;
  if (inFlight <= 0 || kernel.memoryLatency <= 0) return reachable;
  return std::min(reachable, resident * inFlight / kernel.memoryLatency);
}

KernelTime closedForm(const Parameters& p, const Kernel& kernel, double clockScale) {
  KernelTime t;
  const double hertz = p.clock.value.value * clockScale;
  t.compute = computeSeconds(p, kernel, hertz);
  const double resident =
      std::min(static_cast<double>(kernel.ctas()), static_cast<double>(p.sms) * kernel.slotsPerSm);
  if (kernel.dramBits > 0) t.dram = kernel.dramBits / dramRate(p, kernel, resident);
  t.l2 = kernel.l2Bits / (kernel.l2Share * p.memory.l2Bandwidth.value.value * clockScale);
  if (kernel.linkBits > 0) t.link = kernel.linkBits / kernel.linkRate;
  t.link += kernel.linkFixed;
  const double memory = std::max(t.dram, t.l2);
  double work = std::max(t.compute, memory) + kernel.overlapLoss * std::min(t.compute, memory);
  if (kernel.waveByWave && kernel.groups.size() == 1)
    work = std::max(work, waveSeconds(p, kernel, hertz, memory));
  const double fixed = kernel.start + kernel.latency;
  // What a collective reads and writes moves while the link is busy.
  t.seconds = fixed + std::max(work, t.link);
  if (t.link > work + fixed)
    t.bottleneck = Bottleneck::link;
  else if (fixed > work)
    t.bottleneck = Bottleneck::latency;
  else
    t.bottleneck = t.compute < memory ? Bottleneck::memory
                   : kernel.rowTimes  ? Bottleneck::latency
                                      : Bottleneck::compute;
  return t;
}

}  // namespace wattlas::gpu
