#include "pim/sliced/device.h"

#include <algorithm>
#include <cmath>

#include "models/base/multiples.h"
#include "pim/sliced/program.h"

namespace wattlas::pim {

bool SlicedDevice::configure(const ConfigNode& config, const std::string& prefix,
                             Problems& problems, Keys keys,
                             const std::function<void(Binder&)>& more) {
  const std::size_t before = problems.list().size();
  SlicedParams& p = params_;
  config_ = bindConfig(config, prefix, problems, [&](Binder& b) {
    (p.*keys)(b);
    if (more) more(b);
  });
  if (problems.list().size() != before) return false;
  const double units = static_cast<double>(p.units);
  addEnergies();
  info_.kind = p.names.kind;
  info_.title = p.title;
  info_.tiers = {{p.names.memory, p.capacity.value * units}};
  info_.ports = {
      {"host", BitRate(std::max(p.toHost.value.value,
                                p.toDevice.value.value * static_cast<double>(p.writtenLinks())))}};
  info_.area = p.area.value * units;
  info_.peakMacs =
      OpRate(std::max({p.fp16.value.value, p.int8.value.value, p.int4.value.value}) * units);
  info_.peakMemory = BitRate(p.memoryRate.value.value * units);
  const double share = p.dram ? 1.0 : p.memoryEfficiency.value.value;
  const double busy = p.memoryRate.value.value * share * p.memoryEnergy.value.value +
                      p.fp16.value.value * p.flop.value.value + p.idle.value.value;
  info_.tdp = Watts(units * busy);
  info_.tdp.basis = Basis::derived;
  info_.tdp.source = "memory and fp16 units at their peaks, standing power included";
  return true;
}

void SlicedDevice::addEnergies() {
  const SlicedParams& p = params_;
  const PartNames& n = p.names;
  const double units = static_cast<double>(p.units);
  bit_ = energy_.add({n.bit, Category::array, Scope::chip, "bit", perBit(p.memoryEnergy)});
  if (p.dram)
    activation_ = energy_.add({"dram.activation", Category::activation, Scope::chip, "activation",
                               p.dram->energy.activation});
  flop_ = energy_.add({n.flop, Category::compute, Scope::chip, "FLOP", p.flop});
  int8_ = energy_.add({n.int8, Category::compute, Scope::chip, "operation", p.int8Op});
  int4_ = energy_.add({n.int4, Category::compute, Scope::chip, "operation", p.int4Op});
  link_ = energy_.add({n.link, Category::link, Scope::chip, "bit", perBit(p.exchangeEnergy)});
  energy_.addPower(n.idle, Category::leakage, Scope::chip, scaled<Watts>(p.idle, units));
  if (p.dram)
    energy_.addPower("dram.refresh", Category::refresh, Scope::chip,
                     scaled<Watts>(p.dram->energy.refresh,
                                   units * static_cast<double>(p.dram->channels * p.dram->banks) /
                                       p.dram->bank.tREFI.value.value));
  else
    energy_.addPower("host.idle", Category::host, Scope::node, p.hostPower);
}

const MemoryPort& SlicedDevice::memory() const {
  std::call_once(measured_, [this] { memory_ = std::make_unique<const MemoryPort>(params_); });
  return *memory_;
}

Support SlicedDevice::supportKnown(const Operator& op) const {
  if (op.kind == OpKind::collective)
    return {Support::Level::refused, "collectives join devices; units exchange inside programs"};
  if (!isProduct(op.kind)) return {Support::Level::native, "vector units"};
  const Datapath path = datapathOf(storedFormat(op), op.formats.activation, params_);
  return {path.native ? Support::Level::native : Support::Level::emulated, path.how};
}

SlicedOp SlicedDevice::plan(const Operator& op) const {
  const SlicedParams& p = params_;
  const OpCost cost = costOf(op);
  const double units = static_cast<double>(p.units);
  SlicedOp work;
  // The busiest unit has the rounded-up share of the parts.
  const bool attends = op.kind == OpKind::attention;
  const KeySplit split = attends ? splitKeys(op, p.units, p.keyBlock) : KeySplit{};
  const std::int64_t parts = attends ? split.parts : independentParts(op);
  const double share = static_cast<double>(ceilDiv(parts, p.units)) / static_cast<double>(parts);
  const Bits stored = cost.weightRead + cost.kvRead;
  work.macs = cost.macs;
  work.resident = (cost.weights * share + cost.state * split.storedShare) * units;
  work.workspace = cost.input * units + cost.output;
  work.written = (cost.output + cost.kvWrite) * share;
  double inputs = 1;  // how many units read the whole input
  if (isProduct(op.kind)) {
    const Datapath path = datapathOf(storedFormat(op), op.formats.activation, p);
    work.rate = path.rate;
    work.energyClass = path.energyClass;
    work.operations = 2.0 * static_cast<double>(cost.macs) * share;
    if (!path.native)
      work.assumptions.push_back({p.names.datapath,
                                  storedFormat(op).name + " x " + op.formats.activation.name,
                                  {},
                                  {},
                                  path.how,
                                  Basis::assumption});
    const bool slices = op.kind != OpKind::attention;
    if (slices && stored.value > 0)
      work.passes = std::max<std::int64_t>(1, whole(cost.input / p.sram.value));
    // Input is read once and stays on chip; what does not fit comes with its own pass.
    work.read =
        stored * share + cost.input * ((slices ? 1.0 : share) / static_cast<double>(work.passes));
    if (slices) inputs = units;
    if (p.units > 1 && slices) {
      work.gather = cost.input * (1.0 - 1.0 / units);
      if (!p.isPeer()) work.broadcast = cost.input;
    }
  } else {
    work.read = (stored + cost.input) * share;
    if (op.kind == OpKind::norm && p.units > 1) {
      // Sums of squares: one number a row and unit.
      work.gather = Bits(32.0 * static_cast<double>(op.dims[Dim::M]) * (units - 1));
      if (!p.isPeer()) work.broadcast = Bits(32.0 * static_cast<double>(op.dims[Dim::M]));
    }
  }
  work.bitsMoved = whole(stored.value * static_cast<double>(work.passes) + cost.kvWrite.value +
                         cost.output.value + cost.input.value * inputs);
  // A ring passes each part to every other unit; a host collects and writes to each.
  work.linkBits =
      p.isPeer()
          ? whole(work.gather.value * units)
          : whole(work.gather.value + work.broadcast.value * static_cast<double>(p.writtenLinks()));
  if (split.chips > 1) {
    // Own links bring partial results to one unit of each head; a host takes and writes them.
    const double heads = static_cast<double>(parts / split.chips);
    work.gather = split.partial * (p.isPeer() ? 1.0 / heads : 2.0);
    work.linkBits = whole(split.partial.value * (p.isPeer() ? 1.0 : 2.0));
  }
  ElementWork elements = elementWork(op, p);
  elements.other += split.adds;
  elements.time += p.other.value * static_cast<double>(split.adds);
  work.vectorElements = elements.vector;
  work.otherElements = elements.other;
  work.elements = elements.time * share;
  return work;
}

Expected<std::shared_ptr<const Program>, Refusal> SlicedDevice::lower(const WorkItem& item) const {
  std::vector<SlicedOp> ops;
  for (std::size_t i = 0; i < item.region.size(); ++i) {
    const Operator op = item.op(i);
    const Support s = support(op);
    if (s.level == Support::Level::refused)
      return Refusal{Refusal::Code::unsupported, "'" + op.name + "': " + s.how,
                     "map it to the host"};
    ops.push_back(plan(op));
  }
  return std::shared_ptr<const Program>(std::make_shared<SlicedProgram>(std::move(ops), params_));
}

Profile SlicedDevice::estimate(const Program& program) const {
  const auto& mine = dynamic_cast<const SlicedProgram&>(program);
  std::vector<Timed> times;
  for (const SlicedOp& op : mine.operators()) {
    const SlicedDemand d = demandOf(op, params_, memory());
    const double slowest = std::max({d.memory.value, d.compute.value, d.elements.value});
    const Bottleneck bottleneck = d.exchange.value > slowest  ? Bottleneck::link
                                  : slowest == d.memory.value ? Bottleneck::memory
                                                              : Bottleneck::compute;
    times.push_back(
        {std::max(toTicks(pipelineTime(d, params_)), exchangeTime(op, params_)), bottleneck});
  }
  return profileOf(mine, times);
}

Profile SlicedDevice::simulate(const Program& program, Fidelity) const {
  const auto& mine = dynamic_cast<const SlicedProgram&>(program);
  const SlicedParams& p = params_;
  // Units have the program of the busiest and share nothing between exchanges.
  const bool fold = p.fold == "auto";
  const std::int64_t equal = p.units * (p.dram ? p.dram->channels : 1);
  std::vector<Timed> times;
  std::int64_t events = 1;
  double busy[4] = {};
  for (const SlicedOp& op : mine.operators()) {
    const Ticks exchange = exchangeTime(op, p);
    TileRun run;
    for (std::int64_t i = 0; i < (fold ? 1 : equal); ++i) {
      // What the memory fetched during the exchange counts from the start of the operator.
      run = runTiles(op, p, memory(), exchange);
      events += run.steps;
    }
    const Ticks slowest = std::max({run.memory, run.compute, run.vector});
    const Bottleneck bottleneck = exchange > slowest      ? Bottleneck::link
                                  : slowest == run.memory ? Bottleneck::memory
                                                          : Bottleneck::compute;
    times.push_back({std::max(run.time, exchange), bottleneck});
    ++events;
    busy[0] += toSeconds(run.memory).value;
    busy[1] += toSeconds(run.compute).value;
    busy[2] += toSeconds(run.vector).value;
    busy[3] += toSeconds(exchange).value;
  }
  Profile profile = profileOf(mine, times);
  profile.events = events;
  profile.statistics = {{"memory.busyS", busy[0]},
                        {"compute.busyS", busy[1]},
                        {"vector.busyS", busy[2]},
                        {"exchange.busyS", busy[3]}};
  if (fold && equal > 1)
    profile.replications.push_back(
        {ReplicationKind::symmetry, equal,
         std::to_string(p.units) + " units" +
             (p.dram ? " of " + std::to_string(p.dram->channels) + " channels" : ""),
         "equal shares of every tensor, in step; exchanges take all of them"});
  return profile;
}

EnergyCounts SlicedDevice::countsOf(const SlicedOp& op) const {
  EnergyCounts counts;
  counts.add(bit_, op.bitsMoved);
  if (params_.dram)
    counts.add(activation_,
               whole(static_cast<double>(op.bitsMoved) / params_.dram->bank.rowBits.value.value));
  counts.add(op.energyClass == 0 ? flop_ : op.energyClass == 1 ? int8_ : int4_, 2 * op.macs);
  counts.add(flop_, std::llround(static_cast<double>(op.vectorElements) *
                                 params_.vectorFlops.value.value) +
                        op.otherElements);
  counts.add(link_, op.linkBits);
  return counts;
}

Profile SlicedDevice::profileOf(const SlicedProgram& program,
                                const std::vector<Timed>& times) const {
  Profile profile;
  Ticks now;
  for (std::size_t i = 0; i < times.size(); ++i) {
    append(profile, program.operators()[i], times[i], static_cast<std::int32_t>(i), now);
    now += times[i].total;
  }
  return profile;
}

void SlicedDevice::append(Profile& profile, const SlicedOp& op, const Timed& timed,
                          std::int32_t index, Ticks start) const {
  const SlicedParams& p = params_;
  const Ticks exchange = exchangeTime(op, p);
  OperatorShare share;
  share.op = index;
  share.start = start;
  if (exchange.ps > 0) {
    Segment s;
    s.local = exchange;
    s.op = index;
    s.bottleneck = Bottleneck::link;
    if (!p.isPeer()) {
      // A broadcast drives the links of all units, or of all DIMMs.
      const double links = static_cast<double>(p.writtenLinks());
      s.demands.push_back({0, op.gather, p.toHost.value, 0, true});
      s.demands.push_back(
          {0, op.broadcast * links, BitRate(p.toDevice.value.value * links), 0, false});
      std::erase_if(s.demands, [](const Demand& d) { return d.amount.value <= 0; });
    }
    profile.segments.push_back(std::move(s));
  }
  Segment work;
  work.local = timed.total - exchange;
  work.op = index;
  work.bottleneck = timed.bottleneck == Bottleneck::link ? Bottleneck::memory : timed.bottleneck;
  work.energy = countsOf(op);
  share.energy = work.energy;
  share.bottleneck = timed.bottleneck;
  share.busy = work.local;
  share.attributed = timed.total;
  share.end = start + timed.total;
  const double peak = op.rate.value / 2 * static_cast<double>(p.units);
  if (timed.total.ps > 0 && peak > 0)
    share.utilisation =
        rounded(std::min(1.0, static_cast<double>(op.macs) / toSeconds(timed.total).value / peak));
  profile.segments.push_back(std::move(work));
  profile.shares.push_back(std::move(share));
  for (const Assumption& a : op.assumptions) profile.assumptions.push_back(a);
}

CopyCost SlicedDevice::copy(const CopyRequest& request) const {
  const SlicedParams& p = params_;
  const double links = static_cast<double>(p.writtenLinks());
  CopyCost cost;
  const bool all = request.pattern == CopyPattern::broadcast;
  if (!p.isPeer()) cost.latency = toTicks(p.exchangeLatency.value);
  cost.wire = request.amount * (all ? links : 1.0);
  cost.peak = all ? BitRate(p.toDevice.value.value * links) : p.toHost.value;
  cost.energy.add(bit_, whole(memoryTraffic(request).value));
  return cost;
}

LaunchCost SlicedDevice::launch() const {
  LaunchCost cost;
  cost.perProgram = toTicks(params_.launchTime.value);
  return cost;
}

Bits SlicedDevice::residentBits(const Operator& op) const {
  const SlicedOp work = plan(op);
  const bool weights = costOf(op).weights.value > 0;
  return work.resident * static_cast<double>(weights ? op.weightCopies() : op.count);
}

Bits SlicedDevice::memoryTraffic(const CopyRequest& request) const {
  const bool all = request.pattern == CopyPattern::broadcast;
  return request.amount * (all ? static_cast<double>(params_.units) : 1.0);
}

std::vector<MemoryTraffic> SlicedDevice::memoryTraffic(const Program& program) const {
  std::vector<MemoryTraffic> traffic;
  const double units = static_cast<double>(params_.units);
  for (const SlicedOp& op : dynamic_cast<const SlicedProgram&>(program).operators()) {
    const Ticks exchange = exchangeTime(op, params_);
    if (exchange.ps > 0) traffic.push_back({exchange, {}, {}});
    const TileRun run = runTiles(op, params_, memory(), exchange);
    // The first tile fills arithmetic and vector units one after the other.
    const Ticks fill(std::min(run.compute, run.vector).ps / run.tiles);
    traffic.push_back({std::max(run.compute, run.vector) + fill,
                       op.read * (static_cast<double>(op.passes) * units), op.written * units});
  }
  return traffic;
}

std::shared_ptr<const LiveMemory> SlicedDevice::liveMemory() const {
  const auto& d = params_.dram;
  if (!d || !d->writes()) return nullptr;
  const double channels = static_cast<double>(params_.units * d->channels);
  return std::make_shared<LiveMemory>(
      LiveMemory{d->stream(), 1.0 / (channels * d->access.value.value)});
}

}  // namespace wattlas::pim
