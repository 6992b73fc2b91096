#include "gpu/device.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "gpu/formats.h"
#include "gpu/fusion.h"
#include "gpu/lowering.h"
#include "gpu/timing.h"

namespace wattlas::gpu {
namespace {

const GpuProgram& asGpu(const Program& program) {
  const auto* own = dynamic_cast<const GpuProgram*>(&program);
  if (own == nullptr) throw std::logic_error("a GPU got a program of another device family");
  return *own;
}

}  // namespace

Gpu::Gpu(Parameters p, ResolvedConfig config) : p_(std::move(p)) {
  config_ = std::move(config);
  Parameters variant = p_;
  variant.otherFits.clear();
  for (const auto& [name, fit] : p_.otherFits) {
    variant.fit = fit;
    variant.fit.stack = name;
    variants_.emplace(&fit, variant);
  }
  ids_ = declareEnergy(p_, energy_);
  const double lanes = static_cast<double>(p_.sms) * p_.clock.value.value;
  const double widest = std::max({p_.matrix.fp16.value.value, p_.matrix.bf16.value.value,
                                  p_.vector.fp16.value.value, p_.vector.fp32.value.value});
  info_.kind = "gpu";
  info_.title = p_.title;
  info_.tiers = {{p_.memory.type, p_.memory.capacity.value}};
  info_.ports = {{"host", p_.hostLink.value}};
  info_.tdp = p_.power.tdp;
  info_.area = p_.area.value;
  info_.peakMacs = OpRate(2.0 * widest * lanes);
  info_.peakMemory = p_.memory.bandwidth.value;
}

std::unique_ptr<Gpu> Gpu::make(const ConfigNode& config, const std::string& prefix,
                               Problems& problems, Maker maker) {
  Parameters p;
  const std::size_t before = problems.list().size();
  ResolvedConfig bound = bindConfig(config, prefix, problems, [&](Binder& b) {
    p.bind(b);
    if (b.reading() && p.power.idle.value >= p.power.tdp.value)
      b.problem("power.idle", "is not below the power limit", "less than power.tdp");
    if (b.reading() && p.findFit(p.stack) == nullptr)
      b.problem("stack", "is '" + p.stack + "', which this device has no rules for",
                fmt::format("none, {}", fmt::join(p.stackNames(), ", ")));
  });
  if (problems.list().size() > before) return nullptr;
  return maker(std::move(p), std::move(bound));
}

std::string Gpu::schema() {
  return schemaOf("gpu device", [p = Parameters()](Binder& b) mutable { p.bind(b); });
}

const Parameters* Gpu::parametersFor(const std::string& stack) const {
  const Calibration* fit = p_.findFit(stack.empty() ? p_.stack : stack);
  if (fit == nullptr) return nullptr;
  return fit == &p_.fit ? &p_ : &variants_.at(fit);
}

std::vector<std::vector<OpId>> Gpu::partition(const Graph& graph,
                                              const std::vector<OpId>& mine) const {
  if (!ownRules().fuses()) return Device::partition(graph, mine);
  return fusedRegions(ownRules(), graph, mine);
}

Expected<std::shared_ptr<const Program>, Refusal> Gpu::lower(const WorkItem& item) const {
  const Parameters* chosen = parametersFor(item.stack);
  if (chosen == nullptr)
    return Refusal{
        Refusal::Code::mapping, p_.title + " has no stack '" + item.stack.substr(0, 60) + "'",
        fmt::format("{}; without one the library kernels alone", fmt::join(stacks(), ", "))};
  const Parameters& p = *chosen;
  if (!isRegion(p.fit.launches, item.graph, item.region))
    return Refusal{Refusal::Code::mapping,
                   fmt::format("{} runs one operator per kernel and what rides in it, not these {}",
                               p_.title, item.region.size()),
                   "regions of one operator"};
  const Operator op = item.op(0);
  const OpCost cost = costOf(op);
  // Without a known loop nothing stays in the cache from one use to the next.
  const double loop = item.loopWorkingSet.value > 0
                          ? std::max(item.loopWorkingSet.value, cost.weights.value)
                          : std::numeric_limits<double>::infinity();
  auto lowered = lowerOperator(p, op, loop);
  if (!lowered) return lowered.error();
  GpuProgram& program = **lowered;
  Bits resident = cost.weights + cost.state, streamed = cost.weightRead,
       workspace = cost.input + cost.output;
  for (std::size_t i = 1; i < item.region.size(); ++i) {
    const Operator next = item.op(i);
    const OpCost own = costOf(next);
    rideAlong(p, next, program.kernels);
    resident += own.weights + own.state;
    streamed += own.weightRead;
    workspace += own.input;
  }
  program.operators = item.region.size();
  // An operator that belongs to no workload is a measurement of its own.
  if (item.content == Hash128{}) program.rest = p.fit.launches.rest.value.value;
  program.footprint_ = {{0, resident, workspace}};
  // Parameters that do not fit come over the host link while the kernel runs.
  if (!item.weightsResident) program.streamedBits = streamed.value;
  Hasher h;
  h.add(program.hash_).real(program.streamedBits).real(program.footprint_[0].resident.value);
  if (program.operators > 1)
    for (const Kernel& k : program.kernels) h.text(k.name).real(k.l2Bits).real(k.vectorOps);
  h.integer(static_cast<std::int64_t>(program.operators)).real(program.rest);
  program.hash_ = h.real(program.footprint_[0].workspace.value).finish();
  return std::shared_ptr<const Program>(*lowered);
}

Profile Gpu::estimate(const Program& program) const {
  const GpuProgram& own = asGpu(program);
  const Parameters& p = *own.parameters;
  const Operating at = operatingPoint(p, own.kernels, own.rest);
  std::vector<Ticks> durations;
  std::vector<EnergyCounts> energy;
  std::vector<Bottleneck> bounds;
  for (const Kernel& kernel : own.kernels) {
    const KernelTime t = closedForm(p, kernel, at.clockScale);
    durations.push_back(toTicks(Seconds(t.seconds * at.slowdown)));
    const double weight = at.clockScale * voltageFactor(p, at.clockScale);
    const Ticks active(std::llround(static_cast<double>(durations.back().ps) * weight));
    energy.push_back(countsOf(p, ids_, kernel, at.clockScale, {active, durations.back()}));
    bounds.push_back(t.bottleneck);
  }
  Profile profile = profileOf(own, durations, energy, bounds);
  profile.statistics.emplace_back("clockScale", at.clockScale);
  return profile;
}

Profile Gpu::profileOf(const GpuProgram& program, const std::vector<Ticks>& durations,
                       const std::vector<EnergyCounts>& energy,
                       const std::vector<Bottleneck>& bounds) const {
  Profile profile;
  OperatorShare share;
  Ticks longest;
  for (std::size_t i = 0; i < durations.size(); ++i) {
    Segment segment;
    segment.local = durations[i];
    segment.repeat = program.kernels[i].repeat;
    segment.energy = energy[i];
    segment.op = 0;
    segment.bottleneck = bounds[i];
    if (i == 0 && program.streamedBits > 0)
      segment.demands.push_back({0, Bits(program.streamedBits), p_.hostLink.value, 0, false});
    share.energy.add(energy[i], segment.repeat);
    const Ticks all = times(durations[i], segment.repeat);
    share.busy += all;
    if (all >= longest) {
      longest = all;
      share.bottleneck = bounds[i];
    }
    profile.segments.push_back(std::move(segment));
  }
  share.attributed = share.end = profile.alone();
  if (share.attributed > share.busy) share.bottleneck = Bottleneck::link;
  const double peak = info_.peakMacs.value / 2.0 * toSeconds(share.attributed).value;
  share.utilisation = peak > 0 ? std::min(1.0, program.usefulMacs / peak) : 0.0;
  profile.shares.push_back(std::move(share));
  // What rides in a kernel takes no time of its own.
  for (std::size_t i = 1; i < program.operators; ++i) {
    OperatorShare rider;
    rider.op = static_cast<std::int32_t>(i);
    rider.start = rider.end = profile.shares.front().end;
    rider.bottleneck = profile.shares.front().bottleneck;
    profile.shares.push_back(std::move(rider));
  }
  profile.assumptions = program.assumptions;
  profile.events = static_cast<std::int64_t>(durations.size());
  return profile;
}

std::vector<KernelReport> Gpu::kernels(const Program& program) const {
  const GpuProgram& own = asGpu(program);
  const Parameters& p = *own.parameters;
  const Operating at = operatingPoint(p, own.kernels, own.rest);
  std::vector<KernelReport> out;
  for (const Kernel& k : own.kernels) {
    const KernelTime t = closedForm(p, k, at.clockScale);
    KernelReport r;
    r.name = k.name;
    r.tileRows = k.tileRows;
    r.tileColumns = k.tileColumns;
    r.split = k.split;
    r.blocks = k.ctas();
    const std::int64_t places = p.sms * k.slotsPerSm;
    r.waves = (r.blocks + places - 1) / places;
    if (r.waves > 0)
      r.occupancy = static_cast<double>(r.blocks) / static_cast<double>(r.waves * places);
    r.limiter = nameOf(t.bottleneck);
    r.seconds = t.seconds * at.slowdown;
    r.repeat = k.repeat;
    out.push_back(std::move(r));
  }
  return out;
}

CopyCost Gpu::copy(const CopyRequest& request) const {
  CopyCost cost;
  cost.latency = toTicks(p_.copyLatency.value);
  cost.wire = request.amount;
  cost.peak = p_.hostLink.value;
  cost.energy.add(ids_.dram, static_cast<std::int64_t>(request.amount.value));
  return cost;
}

Ticks Gpu::measured(const Operator& op, Timing timing, Ticks alone) const {
  return toTicks(Seconds(measuredSeconds(p_, op, timing, toSeconds(alone).value)));
}

LaunchCost Gpu::launch() const {
  const Parameters* own = parametersFor({});
  const bool graph = p_.launch.graph || (own != nullptr && own->fit.launches.graph);
  const Sourced<Seconds>& each = graph ? p_.launch.perGraphNode : p_.launch.perKernel;
  LaunchCost cost;
  cost.perProgram = toTicks(each.value);
  cost.hostSync = toTicks(p_.launch.hostSync.value);
  return cost;
}

DeviceKind gpuKind(Gpu::Maker maker) {
  DeviceKind kind;
  kind.name = "gpu";
  kind.title = "GPU: waves of CTAs on SMs that share L2 and device memory";
  kind.make = [maker](const ConfigNode& config, const std::string& prefix,
                      Problems& problems) -> std::unique_ptr<Device> {
    return Gpu::make(config, prefix, problems, maker);
  };
  kind.schema = [] { return Gpu::schema(); };
  return kind;
}

}  // namespace wattlas::gpu
