#include "pim/roofline/device.h"

#include <algorithm>
#include <cmath>

#include "models/base/multiples.h"
#include "pim/pimai/key_split.h"
#include "pim/pimai/spread.h"
#include "pim/roofline/compat.h"

namespace wattlas::pim {

bool RooflineDevice::configure(const ConfigNode& config, const std::string& prefix,
                               Problems& problems) {
  const std::size_t before = problems.list().size();
  RooflineParams& p = params_;
  config_ = bindConfig(config, prefix, problems, [&](Binder& b) {
    b.text("title", info_.title, {.fallback = "roofline"}, "one line for people");
    p.bind(b);
  });
  if (problems.list().size() != before) return false;
  const double units = static_cast<double>(p.units);
  addEnergies();
  info_.kind = "roofline";
  info_.ports = {{"host", BitRate(std::max(p.toHost.value.value, p.toDevice.value.value * units))}};
  info_.area = p.area.value * units;
  if (p.isCompat()) {
    // The tool checks no capacity: no tier, no check.
    info_.peakMacs = p.tool.flops.value;
    info_.peakMemory = p.tool.memory.value;
    return true;
  }
  info_.tiers = {{"memory", p.capacity.value * units}};
  info_.peakMacs =
      OpRate(std::max({p.fp16.value.value, p.int8.value.value, p.int4.value.value}) * units);
  info_.peakMemory = BitRate(p.memoryRate.value.value * units);
  const double busy = p.streamRate().value * p.memoryEnergy.value.value +
                      p.fp16.value.value * p.flop.value.value + p.idle.value.value;
  info_.tdp = Watts(units * busy);
  info_.tdp.basis = Basis::derived;
  info_.tdp.source = "memory and fp16 units at their peaks, standing power included";
  return true;
}

void RooflineDevice::addEnergies() {
  const RooflineParams& p = params_;
  if (p.isCompat()) {
    const ToolProfile& t = p.tool;
    bit_ =
        energy_.add({"tool.main_mem", Category::array, Scope::chip, "bit", perBit(t.memoryEnergy)});
    flop_ = energy_.add({"tool.compute", Category::compute, Scope::chip, "FLOP", t.flopEnergy});
    toDevice_ = energy_.add(
        {"tool.host_to_device", Category::link, Scope::chip, "bit", perBit(t.hostToDeviceEnergy)});
    toHost_ = energy_.add(
        {"tool.device_to_host", Category::link, Scope::chip, "bit", perBit(t.deviceToHostEnergy)});
    return;
  }
  bit_ =
      energy_.add({"memory.access", Category::array, Scope::chip, "bit", perBit(p.memoryEnergy)});
  flop_ = energy_.add({"arithmetic.flop", Category::compute, Scope::chip, "FLOP", p.flop});
  int8_ = energy_.add({"arithmetic.int8", Category::compute, Scope::chip, "operation", p.int8Op});
  int4_ = energy_.add({"arithmetic.int4", Category::compute, Scope::chip, "operation", p.int4Op});
  link_ =
      energy_.add({"exchange.bit", Category::link, Scope::chip, "bit", perBit(p.exchangeEnergy)});
  energy_.addPower("units.idle", Category::leakage, Scope::chip,
                   scaled<Watts>(p.idle, static_cast<double>(p.units)));
  energy_.addPower("host.idle", Category::host, Scope::node, p.hostPower);
}

std::string RooflineDevice::schema() {
  return schemaOf("roofline", [](Binder& b) {
    RooflineParams p;
    std::string title;
    b.text("title", title, {.fallback = "roofline"}, "one line for people");
    p.bind(b);
  });
}

std::int64_t RooflineDevice::decodeSteps(std::int64_t generate) const {
  // The tool's first token comes out of the prefill.
  return params_.isCompat() ? std::max<std::int64_t>(0, generate - 1) : generate;
}

Support RooflineDevice::supportKnown(const Operator& op) const {
  if (params_.isCompat()) return toolSupport(op);
  if (op.kind == OpKind::collective)
    return {Support::Level::refused, "collectives join devices; units exchange inside programs"};
  if (!isProduct(op.kind)) return {Support::Level::native, "vector units"};
  const Datapath path = datapathOf(storedFormat(op), op.formats.activation, params_);
  return {path.native ? Support::Level::native : Support::Level::emulated, path.how};
}

RooflineOp RooflineDevice::plan(const Operator& op) const {
  const RooflineParams& p = params_;
  const OpCost cost = costOf(op);
  const double units = static_cast<double>(p.units);
  RooflineOp work;
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
      work.assumptions.push_back({"roofline.datapath",
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
  work.linkBits = p.isPeer() ? whole(work.gather.value * units)
                             : whole(work.gather.value + work.broadcast.value * units);
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

Expected<std::shared_ptr<const Program>, Refusal> RooflineDevice::lower(
    const WorkItem& item) const {
  if (params_.isCompat()) return toolLower(item, params_.tool);
  const Operator op = item.op(0);
  const Support s = support(op);
  if (s.level == Support::Level::refused)
    return Refusal{Refusal::Code::unsupported, "'" + op.name + "': " + s.how, "map it to the host"};
  return std::shared_ptr<const Program>(std::make_shared<RooflineProgram>(plan(op), params_));
}

Profile RooflineDevice::estimate(const Program& program) const {
  if (const auto* tool = dynamic_cast<const ToolProgram*>(&program)) return toolProfile(*tool);
  const auto& mine = dynamic_cast<const RooflineProgram&>(program);
  const RooflineDemand d = demandOf(mine.op(), params_);
  const double slowest = std::max({d.memory.value, d.compute.value, d.elements.value});
  const Bottleneck bottleneck = d.exchange.value > slowest  ? Bottleneck::link
                                : slowest == d.memory.value ? Bottleneck::memory
                                                            : Bottleneck::compute;
  return profileOf(mine, std::max(toTicks(pipelineTime(d, params_)), mine.lowerBound()),
                   bottleneck);
}

EnergyCounts RooflineDevice::countsOf(const RooflineOp& op) const {
  EnergyCounts counts;
  counts.add(bit_, op.bitsMoved);
  counts.add(op.energyClass == 0 ? flop_ : op.energyClass == 1 ? int8_ : int4_, 2 * op.macs);
  counts.add(flop_, std::llround(static_cast<double>(op.vectorElements) *
                                 params_.vectorFlops.value.value) +
                        op.otherElements);
  counts.add(link_, op.linkBits);
  return counts;
}

Profile RooflineDevice::profileOf(const RooflineProgram& program, Ticks total,
                                  Bottleneck bottleneck) const {
  Profile profile;
  const RooflineOp& op = program.op();
  const Ticks exchange = std::min(exchangeTime(op, params_), total);
  OperatorShare share;
  if (exchange.ps > 0) {
    Segment s;
    s.local = exchange;
    s.op = 0;
    s.bottleneck = Bottleneck::link;
    if (!params_.isPeer()) {
      const double units = static_cast<double>(params_.units);
      s.demands.push_back({0, op.gather, params_.toHost.value, 0, true});
      s.demands.push_back(
          {0, op.broadcast * units, BitRate(params_.toDevice.value.value * units), 0, false});
      std::erase_if(s.demands, [](const Demand& d) { return d.amount.value <= 0; });
    }
    profile.segments.push_back(std::move(s));
  }
  Segment work;
  work.local = total - exchange;
  work.op = 0;
  work.bottleneck = bottleneck == Bottleneck::link ? Bottleneck::memory : bottleneck;
  work.energy = countsOf(op);
  share.energy = work.energy;
  share.bottleneck = bottleneck;
  share.busy = work.local;
  share.end = share.attributed = total;
  const double peak = op.rate.value / 2 * static_cast<double>(params_.units);
  if (total.ps > 0 && peak > 0)
    share.utilisation =
        rounded(std::min(1.0, static_cast<double>(op.macs) / toSeconds(total).value / peak));
  profile.segments.push_back(std::move(work));
  profile.shares.push_back(std::move(share));
  profile.assumptions = op.assumptions;
  return profile;
}

Profile RooflineDevice::toolProfile(const ToolProgram& program) const {
  Profile profile;
  OperatorShare share;
  Ticks longest;
  for (const ToolCall& call : program.calls()) {
    Segment s;
    s.local = toTicks(Seconds(call.seconds));
    s.op = 0;
    s.repeat = call.repeat;
    s.bottleneck = call.bottleneck;
    s.energy.add(flop_, std::llround(call.flops));
    s.energy.add(bit_, std::llround(call.memoryBits));
    s.energy.add(toDevice_, std::llround(call.toDeviceBits));
    s.energy.add(toHost_, std::llround(call.toHostBits));
    share.energy.add(s.energy, s.repeat);
    const Ticks took = times(s.local, s.repeat);
    share.attributed += took;
    if (took > longest) share.bottleneck = call.bottleneck, longest = took;
    profile.segments.push_back(std::move(s));
  }
  share.end = share.busy = share.attributed;
  if (share.attributed.ps > 0)
    share.utilisation =
        rounded(std::min(1.0, 2.0 * static_cast<double>(program.macs()) /
                                  toSeconds(share.attributed).value / info_.peakMacs.value));
  profile.shares.push_back(std::move(share));
  profile.assumptions.push_back(
      {"device.compat",
       params_.compat,
       {},
       {},
       "closed forms of upmem_llm_framework with their defects (docs/roofline-peer.md); no "
       "capacity check, no standing power",
       Basis::published});
  return profile;
}

CopyCost RooflineDevice::copy(const CopyRequest& request) const {
  CopyCost cost;
  cost.peak = info_.ports[0].peak;
  if (params_.isCompat()) return cost;  // the tool's own transfers are in its programs
  const double units = static_cast<double>(params_.units);
  const bool all = request.pattern == CopyPattern::broadcast;
  cost.wire = request.amount * (all ? units : 1.0);
  cost.peak = all ? BitRate(params_.toDevice.value.value * units) : params_.toHost.value;
  cost.energy.add(bit_, whole(cost.wire.value));
  return cost;
}

Bits RooflineDevice::residentBits(const Operator& op) const {
  if (params_.isCompat()) return Device::residentBits(op);
  const RooflineOp work = plan(op);
  const bool weights = costOf(op).weights.value > 0;
  return work.resident * static_cast<double>(weights ? op.weightCopies() : op.count);
}

}  // namespace wattlas::pim
