#include "gpu/timing.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gpu/kernel.h"
#include "models/base/multiples.h"

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

namespace {

/// By MacKind.
struct MacEnergy {
  const char* name;
  Sourced<Joules> EnergyParameters::*each;
};
constexpr MacEnergy macs[8] = {{"", &EnergyParameters::macFp16},  // none counts no MACs
                               {"mac.fp32", &EnergyParameters::macFp32},
                               {"mac.fp16", &EnergyParameters::macFp16},
                               {"mac.fp8", &EnergyParameters::macFp8},
                               {"mac.fp4", &EnergyParameters::macFp4},
                               {"mac.int8", &EnergyParameters::macInt8},
                               {"mac.int4", &EnergyParameters::macInt4},
                               {"mac.binary", &EnergyParameters::macBinary}};

std::int64_t nearest(double count) {
  return std::llround(count);
}

}  // namespace

EnergyIds declareEnergy(const Parameters& p, EnergyTable& t) {
  EnergyIds ids;
  for (int i = 1; i < 8; ++i)
    ids.mac[i] =
        t.add({macs[i].name, Category::compute, Scope::chip, "MAC", p.energy.*macs[i].each});
  ids.vectorOp =
      t.add({"lane.operation", Category::compute, Scope::chip, "operation", p.energy.vectorOp});
  ids.dram = t.add({"dram.bit", Category::array, Scope::device, "bit", perBit(p.energy.dram)});
  ids.l2 = t.add({"l2.bit", Category::scratchpad, Scope::chip, "bit", perBit(p.energy.l2)});
  ids.shared =
      t.add({"shared.bit", Category::scratchpad, Scope::chip, "bit", perBit(p.energy.shared)});
  ids.link = t.add({"link.bit", Category::link, Scope::device, "bit", perBit(p.energy.link)});
  ids.launch = t.add({"launch", Category::control, Scope::chip, "kernel", p.energy.launch});
  ids.active = t.add(
      {"active", Category::leakage, Scope::chip, "ps", scaled<Joules>(p.power.active, 1e-12)});
  ids.uncore = t.add(
      {"uncore", Category::leakage, Scope::device, "ps", scaled<Joules>(p.power.uncore, 1e-12)});
  t.addPower("idle", Category::leakage, Scope::chip, p.power.idle);
  return ids;
}

double voltageFactor(const Parameters& p, double clockScale) {
  const double v = std::max(p.power.voltageFloor.value.value,
                            std::pow(clockScale, p.power.voltageExponent.value.value));
  return v * v;
}

double chipJoules(const Parameters& p, const Kernel& k) {
  const EnergyParameters& e = p.energy;
  double joules = k.vectorOps * e.vectorOp.value.value + k.l2Bits * e.l2.value.value +
                  k.sharedBits * e.shared.value.value;
  if (k.macKind != MacKind::none)
    joules += k.macs * (e.*macs[static_cast<int>(k.macKind)].each).value.value;
  return joules;
}

double memoryJoules(const Parameters& p, const Kernel& k) {
  return k.dramBits * p.energy.dram.value.value + k.linkBits * p.energy.link.value.value +
         k.launches * p.energy.launch.value.value;
}

EnergyCounts countsOf(const Parameters& p, const EnergyIds& ids, const Kernel& k, double clockScale,
                      const RunTime& time) {
  const double v2 = voltageFactor(p, clockScale);
  EnergyCounts counts;
  if (k.macKind != MacKind::none)
    counts.add(ids.mac[static_cast<int>(k.macKind)], nearest(k.macs * v2));
  counts.add(ids.vectorOp, nearest(k.vectorOps * v2));
  counts.add(ids.dram, nearest(k.dramBits));
  counts.add(ids.l2, nearest(k.l2Bits * v2));
  counts.add(ids.shared, nearest(k.sharedBits * v2));
  counts.add(ids.link, nearest(k.linkBits));
  counts.add(ids.launch, nearest(k.launches));
  counts.add(ids.active, time.active.ps);
  counts.add(ids.uncore, time.duration.ps);
  return counts;
}

Operating operatingPoint(const Parameters& p, const std::vector<Kernel>& kernels, double rest) {
  const double room = p.power.tdp.value.value - p.power.idle.value.value;
  double chip = 0, memory = 0;
  for (const Kernel& k : kernels) {
    const double runs = static_cast<double>(k.repeat);
    chip += runs * chipJoules(p, k);
    memory += runs * memoryJoules(p, k);
  }
  const auto seconds = [&](double scale) {
    double sum = 0;
    for (const Kernel& k : kernels)
      sum += static_cast<double>(k.repeat) * closedForm(p, k, scale).seconds;
    return sum;
  };
  // Joules above idle divided by the room below the limit: the time the limit allows at least,
  // less what passes without work.
  const auto needed = [&](double scale, double t) {
    const double v2 = voltageFactor(p, scale);
    const double running = p.power.active.value.value * scale * v2 + p.power.uncore.value.value;
    return (chip * v2 + memory + running * t) / room - rest;
  };
  Operating point;
  point.limit = std::numeric_limits<double>::infinity();
  if (!p.power.capped) return point;
  const double full = seconds(1.0);
  if (full <= 0) return point;
  const auto limitOver = [&](double t) { return p.power.idle.value.value + room * (t + rest) / t; };
  point.limit = limitOver(full);
  if (needed(1.0, full) <= full) return point;
  double low = p.power.lowestClock.value.value, high = 1.0;
  const double slowest = seconds(low);
  if (needed(low, slowest) > slowest) {
    point.clockScale = low;
    point.slowdown = needed(low, slowest) / slowest;
    point.limit = limitOver(slowest * point.slowdown);
    return point;
  }
  for (int i = 0; i < 40; ++i) {
    const double middle = 0.5 * (low + high);
    const double t = seconds(middle);
    (needed(middle, t) > t ? high : low) = middle;
  }
  point.clockScale = low;
  point.limit = limitOver(seconds(low));
  return point;
}

}  // namespace wattlas::gpu
