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
    return std::ceil(static_cast<double>(only.count) / lanes) * only.cycles / hertz;
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

}  // namespace

double dramRate(const Parameters& p, const Kernel& kernel, double resident) {
  const double reachable = kernel.dramShare * p.memory.bandwidth.value.value;
  const double inFlight = kernel.groups.empty() ? 0 : kernel.groups.front().inFlight;
  const double latency = p.fit.gemm.latency.value.value;
  if (inFlight <= 0 || latency <= 0) return reachable;
  return std::min(reachable, resident * inFlight / latency);
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
