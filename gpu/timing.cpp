#include "gpu/timing.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gpu/energy.h"
#include "gpu/kernel.h"

namespace wattlas::gpu {

std::int64_t Kernel::ctas() const {
  std::int64_t sum = 0;
  for (const CtaGroup& group : groups) sum += group.count;
  return sum;
}

double Kernel::totalCycles() const {
  double sum = 0;
  for (const CtaGroup& group : groups) sum += static_cast<double>(group.count) * group.cycles;
  return sum;
}

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

namespace {

struct Active {
  const StreamWork* work = nullptr;
  double left = 1, speed = 0;  ///< share of the kernel; of its speed alone
  bool open = true;            ///< may still become faster
};

/// Raises the speeds of all together; who meets a full resource stays, the others go on.
void settle(std::vector<Active>& active) {
  for (Active& a : active) {
    a.speed = 0;
    a.open = true;
  }
  for (std::size_t round = 0; round < active.size(); ++round) {
    double rise = 1;
    std::size_t full = 4;
    for (std::size_t r = 0; r < 4; ++r) {
      double used = 0, wanted = 0;
      for (const Active& a : active)
        (a.open ? wanted : used) += a.work->use[r] * (a.open ? 1 : a.speed);
      if (wanted > 0 && (1 - used) / wanted < rise) {
        rise = std::max(0.0, (1 - used) / wanted);
        full = r;
      }
    }
    for (Active& a : active)
      if (a.open) {
        a.speed = rise;
        a.open = full < 4 && a.work->use[full] <= 0;
      }
    if (full == 4) return;
  }
}

}  // namespace

StreamWork streamWork(const Parameters& p, const Kernel& kernel, double seconds) {
  StreamWork work;
  work.seconds = seconds;
  if (seconds <= 0) return work;
  const double lanes = static_cast<double>(p.sms) * p.clock.value.value;
  // Rows are latencies of CTAs that leave the units to others.
  const double busy = kernel.rowTimes ? kernel.vectorOps / (lanes * p.vector.fp32.value.value)
                                      : kernel.totalCycles() / (lanes * kernel.parallelPerSm);
  const double room = p.power.tdp.value.value - p.power.idle.value.value -
                      p.power.active.value.value - p.power.uncore.value.value;
  const double joules = chipJoules(p, kernel) + memoryJoules(p, kernel);
  work.use = {busy / seconds, kernel.dramBits / reachableDram(p, kernel) / seconds,
              kernel.l2Bits / (kernel.l2Share * p.memory.l2Bandwidth.value.value) / seconds,
              p.power.capped && room > 0 ? joules / room / seconds : 0};
  for (double& use : work.use) use = std::min(use, 1.0);
  return work;
}

StreamRun runStreams(const std::vector<std::vector<StreamWork>>& streams) {
  StreamRun run;
  std::vector<std::size_t> next(streams.size(), 0);
  std::vector<double> left(streams.size(), 1);
  for (;;) {
    std::vector<Active> active;
    std::vector<std::size_t> of;
    for (std::size_t i = 0; i < streams.size(); ++i) {
      while (next[i] < streams[i].size() && streams[i][next[i]].seconds <= 0) ++next[i];
      if (next[i] == streams[i].size()) continue;
      active.push_back({&streams[i][next[i]], left[i]});
      of.push_back(i);
    }
    if (active.empty()) return run;
    settle(active);
    double step = std::numeric_limits<double>::infinity();
    for (const Active& a : active)
      if (a.speed > 0) step = std::min(step, a.left * a.work->seconds / a.speed);
    for (std::size_t k = 0; k < active.size(); ++k) {
      left[of[k]] -= step * active[k].speed / active[k].work->seconds;
      if (left[of[k]] > 1e-9) continue;
      left[of[k]] = 1;
      ++next[of[k]];
    }
    run.seconds += step;
    ++run.steps;
  }
}

}  // namespace wattlas::gpu
