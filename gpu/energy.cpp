#include "gpu/energy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gpu/timing.h"
#include "models/base/multiples.h"

namespace wattlas::gpu {
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
