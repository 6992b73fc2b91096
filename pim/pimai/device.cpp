#include "pim/pimai/device.h"

#include <algorithm>
#include <cmath>

#include "models/base/multiples.h"
#include "pim/pimai/key_split.h"
#include "pim/pimai/spread.h"

namespace wattlas::pim {

bool PimAiDevice::configure(const ConfigNode& config, const std::string& prefix,
                            Problems& problems) {
  const std::size_t before = problems.list().size();
  PimAiParams& p = params_;
  config_ = bindConfig(config, prefix, problems, [&](Binder& b) {
    b.text("title", info_.title, {.fallback = "PIM-AI chips"}, "one line for people");
    p.bind(b);
  });
  if (problems.list().size() != before) return false;
  const double chips = static_cast<double>(p.chips);
  bit_ = energy_.add({"dram.access", Category::array, Scope::chip, "bit", perBit(p.energy.access)});
  activation_ = energy_.add(
      {"dram.activation", Category::activation, Scope::chip, "activation", p.energy.activation});
  flop_ = energy_.add({"logic.flop", Category::compute, Scope::chip, "FLOP", p.flop});
  int8_ = energy_.add({"logic.int8", Category::compute, Scope::chip, "operation", p.int8Op});
  int4_ = energy_.add({"logic.int4", Category::compute, Scope::chip, "operation", p.int4Op});
  link_ = energy_.add({"link.exchange", Category::link, Scope::chip, "bit", perBit(p.linkEnergy)});
  energy_.addPower("chip.static", Category::leakage, Scope::chip,
                   scaled<Watts>(p.chipStatic, chips));
  const double perSecond =
      chips * static_cast<double>(p.channels * p.banks) / p.bank.tREFI.value.value;
  energy_.addPower("dram.refresh", Category::refresh, Scope::chip,
                   scaled<Watts>(p.energy.refresh, perSecond));

  info_.kind = "pim-ai";
  info_.tiers = {{"stacked DRAM", p.capacity.value * chips}};
  info_.ports = {{"host", BitRate(p.chipLink.value.value * chips)}};
  info_.area = p.chipArea.value * chips;
  info_.peakMacs =
      OpRate(std::max({p.fp16.value.value, p.int8.value.value, p.int4.value.value}) * chips);
  info_.peakMemory = BitRate(p.streamRate().value * chips);
  const double busy = p.streamRate().value * p.energy.access.value.value +
                      p.fp16.value.value * p.flop.value.value + p.chipStatic.value.value;
  info_.tdp = Watts(chips * busy);
  info_.tdp.basis = Basis::derived;
  info_.tdp.source = "memory and fp16 units at their peaks, standing power included";
  return true;
}

std::string PimAiDevice::schema() {
  return schemaOf("pim-ai", [](Binder& b) {
    PimAiParams p;
    std::string title;
    b.text("title", title, {.fallback = "PIM-AI chips"}, "one line for people");
    p.bind(b);
  });
}

Support PimAiDevice::supportKnown(const Operator& op) const {
  if (op.kind == OpKind::collective)
    return {Support::Level::refused, "collectives join devices; chips exchange inside programs"};
  if (!isProduct(op.kind)) return {Support::Level::native, "vector units"};
  const Datapath path = datapathOf(storedFormat(op), op.formats.activation, params_);
  return {path.native ? Support::Level::native : Support::Level::emulated, path.how};
}

PimAiOp PimAiDevice::plan(const Operator& op) const {
  const PimAiParams& p = params_;
  const OpCost cost = costOf(op);
  PimAiOp work;
  // The busiest chip has the rounded-up share of the parts.
  const bool attends = op.kind == OpKind::attention;
  const KeySplit split = attends ? splitKeys(op, p.chips, p.keyBlock) : KeySplit{};
  const std::int64_t parts = attends ? split.parts : independentParts(op);
  const double share = static_cast<double>(ceilDiv(parts, p.chips)) / static_cast<double>(parts);
  const Bits stored = cost.weightRead + cost.kvRead + cost.kvWrite;
  const Bits moved = stored + cost.input + cost.output;
  work.macs = cost.macs;
  work.resident =
      (cost.weights * share + cost.state * split.storedShare) * static_cast<double>(p.chips);
  work.workspace = cost.input * static_cast<double>(p.chips) + cost.output;
  if (isProduct(op.kind)) {
    const NumberFormat& weight = storedFormat(op);
    const Datapath path = datapathOf(weight, op.formats.activation, p);
    work.rate = path.rate;
    work.energyClass = path.energyClass;
    work.operations = 2.0 * static_cast<double>(cost.macs) * share;
    if (!path.native)
      work.assumptions.push_back({"pimAi.datapath",
                                  weight.name + " x " + op.formats.activation.name,
                                  {},
                                  {},
                                  path.how,
                                  Basis::assumption});
    // Inputs larger than the SRAM mean that the weights pass several times.
    work.streamPasses =
        std::max<std::int64_t>(1, whole(cost.input / std::max(Bits(1), p.sram.value)));
    if (op.kind == OpKind::attention || stored.value == 0) work.streamPasses = 1;
    work.stream = stored * share + (cost.output * share + cost.input) *
                                       (1.0 / static_cast<double>(work.streamPasses));
    if (p.chips > 1 && op.kind != OpKind::attention) {
      work.gather = cost.input * (1.0 - 1.0 / static_cast<double>(p.chips));
      work.broadcast = cost.input;
    }
  } else {
    work.stream = moved * share;
  }
  const double passes = static_cast<double>(work.streamPasses);
  work.bitsMoved = whole(stored.value * passes + cost.output.value +
                         cost.input.value * (isProduct(op.kind) && op.kind != OpKind::attention
                                                 ? static_cast<double>(p.chips)
                                                 : 1.0));
  if (split.chips > 1) {
    // By way of the host: from the chips that have them to those that combine them.
    work.gather = split.partial * 2.0;
  }
  ElementWork elements = elementWork(op, p);
  elements.other += split.adds;
  elements.time += p.other.value * static_cast<double>(split.adds);
  work.vectorElements = elements.vector;
  work.otherElements = elements.other;
  work.elements = elements.time * share;
  if (op.kind == OpKind::norm && p.chips > 1)
    work.gather = work.broadcast = Bits(32.0 * static_cast<double>(op.dims[Dim::M] * p.chips));
  work.linkBits =
      whole(work.gather.value + work.broadcast.value * static_cast<double>(p.writtenLinks()));
  return work;
}

Expected<std::shared_ptr<const Program>, Refusal> PimAiDevice::lower(const WorkItem& item) const {
  std::vector<PimAiOp> ops;
  for (std::size_t i = 0; i < item.region.size(); ++i) {
    const Operator op = item.op(i);
    const Support s = support(op);
    if (s.level == Support::Level::refused)
      return Refusal{Refusal::Code::unsupported, "'" + op.name + "': " + s.how,
                     "map it to the host"};
    ops.push_back(plan(op));
  }
  return std::shared_ptr<const Program>(std::make_shared<PimAiProgram>(std::move(ops), params_));
}

CopyCost PimAiDevice::copy(const CopyRequest& request) const {
  const double chips = static_cast<double>(params_.chips);
  const double links = static_cast<double>(params_.writtenLinks());
  CopyCost cost;
  cost.latency = toTicks(params_.exchangeLatency.value);
  const bool all = request.pattern == CopyPattern::broadcast;
  cost.wire = request.amount * (all ? links : 1.0);
  cost.peak = all ? BitRate(params_.broadcastLink.value.value * links)
                  : BitRate(params_.chipLink.value.value * chips);
  cost.energy.add(bit_, whole(request.amount.value * (all ? chips : 1.0)));
  return cost;
}

LaunchCost PimAiDevice::launch() const {
  LaunchCost cost;
  cost.perProgram = toTicks(params_.launchTime.value);
  return cost;
}

Bits PimAiDevice::residentBits(const Operator& op) const {
  const PimAiOp work = plan(op);
  const bool weights = costOf(op).weights.value > 0;
  return work.resident * static_cast<double>(weights ? op.weightCopies() : op.count);
}

}  // namespace wattlas::pim
