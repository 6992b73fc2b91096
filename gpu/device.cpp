#include "gpu/device.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "gpu/lowering.h"
#include "gpu/sim/register.h"
#include "gpu/timing.h"

namespace wattlas::gpu {
namespace {

const GpuProgram& asGpu(const Program& program) {
  const auto* own = dynamic_cast<const GpuProgram*>(&program);
  if (own == nullptr) throw std::logic_error("a GPU got a program of another device family");
  return *own;
}

/// One head and what rides in its kernels.
Expected<std::shared_ptr<GpuProgram>, Refusal> lowerRegion(const Parameters& p,
                                                           const WorkItem& item,
                                                           const std::vector<OpId>& ops) {
  const auto at = [&](OpId id) { return atStep(item.graph.at(id), item.step); };
  const Operator op = at(ops.front());
  const OpCost cost = costOf(op);
  // Without a known loop nothing stays in the cache from one use to the next.
  const double loop = item.loopWorkingSet.value > 0
                          ? std::max(item.loopWorkingSet.value, cost.weights.value)
                          : std::numeric_limits<double>::infinity();
  auto lowered = lowerOperator(p, op, loop);
  if (!lowered) return lowered;
  GpuProgram& program = **lowered;
  Bits resident = cost.weights + cost.state, streamed = cost.weightRead,
       workspace = cost.input + cost.output;
  for (std::size_t i = 1; i < ops.size(); ++i) {
    const Operator next = at(ops[i]);
    const OpCost own = costOf(next);
    rideAlong(p, next, program.kernels);
    resident += own.weights + own.state;
    streamed += own.weightRead;
    workspace += own.input;
  }
  program.operators = ops.size();
  // An operator that belongs to no workload is a measurement of its own.
  if (item.content == Hash128{}) program.rest = p.fit.launches.rest.value.value;
  program.footprint_ = {{0, resident, workspace}};
  // Parameters that do not fit come over the host link while the kernel runs.
  if (!item.weightsResident) program.streamedBits = streamed.value;
  Hasher h;
  h.add(program.hash_).real(program.streamedBits).real(resident.value);
  if (program.operators > 1)
    for (const Kernel& k : program.kernels) h.text(k.name).real(k.l2Bits).real(k.vectorOps);
  h.integer(static_cast<std::int64_t>(program.operators)).real(program.rest);
  program.hash_ = h.real(workspace.value).finish();
  return lowered;
}

/// Adds a program that runs beside `program`.
void join(GpuProgram& program, GpuProgram& other) {
  program.kernels.insert(program.kernels.end(), other.kernels.begin(), other.kernels.end());
  program.assumptions.insert(program.assumptions.end(), other.assumptions.begin(),
                             other.assumptions.end());
  program.usefulMacs += other.usefulMacs;
  program.streamedBits += other.streamedBits;
  program.operators += other.operators;
  program.footprint_[0].resident += other.footprint_[0].resident;
  program.footprint_[0].workspace += other.footprint_[0].workspace;
  program.bound_ = std::max(program.bound_, other.bound_);
  program.hash_ = Hasher().text("beside").add(program.hash_).add(other.hash_).finish();
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

namespace {

/// Reads a device file (without `kind`). Returns null when it added problems.
std::unique_ptr<Device> make(const ConfigNode& config, const std::string& prefix,
                             Problems& problems) {
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
  return std::make_unique<Gpu>(std::move(p), std::move(bound));
}

}  // namespace

const Parameters* Gpu::parametersFor(const std::string& stack) const {
  const Calibration* fit = p_.findFit(stack.empty() ? p_.stack : stack);
  if (fit == nullptr) return nullptr;
  return fit == &p_.fit ? &p_ : &variants_.at(fit);
}

std::vector<std::vector<OpId>> Gpu::partition(const Graph& graph,
                                              const std::vector<OpId>& mine) const {
  if (!ownRules().fuses()) return Device::partition(graph, mine);
  return streamRegions(ownRules(), graph, fusedRegions(ownRules(), graph, mine));
}

Expected<std::shared_ptr<const Program>, Refusal> Gpu::lower(const WorkItem& item) const {
  const Parameters* chosen = parametersFor(item.stack);
  if (chosen == nullptr)
    return Refusal{
        Refusal::Code::mapping, p_.title + " has no stack '" + item.stack.substr(0, 60) + "'",
        fmt::format("{}; without one the library kernels alone", fmt::join(stacks(), ", "))};
  const Parameters& p = *chosen;
  std::vector<std::vector<OpId>> heads = {item.region};
  if (item.region.size() > 1) heads = fusedRegions(p.fit.launches, item.graph, item.region);
  const auto refused = [&] {
    return Refusal{Refusal::Code::mapping,
                   fmt::format("{} runs one operator per kernel and what rides in it, not these {}",
                               p_.title, item.region.size()),
                   "regions of one operator"};
  };
  if (item.region.empty() || heads.size() > static_cast<std::size_t>(p.fit.launches.streams))
    return refused();
  std::shared_ptr<GpuProgram> program;
  std::int32_t first = 0;
  for (const std::vector<OpId>& ops : heads) {
    auto one = lowerRegion(p, item, ops);
    if (!one) return one.error();
    for (Kernel& k : (*one)->kernels) k.op = first;
    first += static_cast<std::int32_t>(ops.size());
    if (program)
      join(*program, **one);
    else
      program = *one;
  }
  return std::shared_ptr<const Program>(program);
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
  std::vector<Ticks> longest(program.operators);
  profile.shares.resize(program.operators);
  Ticks end;
  for (std::size_t i = 0; i < durations.size(); ++i) {
    const Kernel& kernel = program.kernels[i];
    Segment segment;
    segment.local = durations[i];
    segment.repeat = kernel.repeat;
    segment.energy = energy[i];
    segment.op = kernel.op;
    segment.bottleneck = bounds[i];
    if (i == 0 && program.streamedBits > 0)
      segment.demands.push_back({0, Bits(program.streamedBits), p_.hostLink.value, 0, false});
    OperatorShare& share = profile.shares[static_cast<std::size_t>(kernel.op)];
    share.energy.add(energy[i], segment.repeat);
    const Ticks all = times(durations[i], segment.repeat);
    share.busy += all;
    if (all >= longest[static_cast<std::size_t>(kernel.op)]) {
      longest[static_cast<std::size_t>(kernel.op)] = all;
      share.bottleneck = bounds[i];
    }
    profile.segments.push_back(std::move(segment));
  }
  // The first share waits for streamed parameters too; what rides in a kernel takes no time.
  const Ticks total = profile.alone();
  Ticks others;
  for (std::size_t i = 1; i < profile.shares.size(); ++i) others += profile.shares[i].busy;
  const double peak = info_.peakMacs.value / 2.0;
  for (std::size_t i = 0; i < profile.shares.size(); ++i) {
    OperatorShare& share = profile.shares[i];
    share.op = static_cast<std::int32_t>(i);
    share.attributed = i == 0 ? total - others : share.busy;
    share.start = end;
    share.end = end += share.attributed;
    if (share.attributed > share.busy) share.bottleneck = Bottleneck::link;
    if (i > 0 && share.busy.ps == 0) share.bottleneck = profile.shares[i - 1].bottleneck;
  }
  const double done = peak * toSeconds(total).value;
  profile.shares.front().utilisation = done > 0 ? std::min(1.0, program.usefulMacs / done) : 0.0;
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

}  // namespace wattlas::gpu

void wattlas::registerGpu(Registry& registry) {
  registry.add({"gpu", "GPU: waves of CTAs on SMs that share L2 and device memory", gpu::make, [] {
                  return schemaOf("gpu device",
                                  [p = gpu::Parameters()](Binder& b) mutable { p.bind(b); });
                }});
}
