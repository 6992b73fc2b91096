#include "pim/nearbank/device.h"

#include <algorithm>
#include <cmath>

#include "models/base/multiples.h"

namespace wattlas::pim::nearbank {

namespace {

bool isConvolution(OpKind kind) {
  return kind == OpKind::conv1d || kind == OpKind::conv2d;
}

}  // namespace

bool NearBankDevice::configure(const ConfigNode& config, const std::string& prefix,
                               Problems& problems) {
  const std::size_t before = problems.list().size();
  NearBankParams& p = params_;
  config_ = bindConfig(config, prefix, problems, [&](Binder& b) { p.bind(b); });
  if (problems.list().size() != before) return false;
  const NearBankEnergy& e = p.energy;
  const auto add = [&](const char* id, Category category, const char* unit,
                       const Sourced<Joules>& joules, Scope scope = Scope::chip) {
    return energy_.add({id, category, scope, unit, joules});
  };
  activation_ = add("dram.activation", Category::activation, "row of a bank", e.activation);
  cell_ = add("dram.cell", Category::array, "bit", perBit(e.cell));
  bankGroup_ = add("path.bankGroup", Category::array, "bit", perBit(e.bankGroup));
  io_ = add("path.io", Category::array, "bit", perBit(e.io));
  tsv_ = add("path.tsv", Category::link, "bit", perBit(e.tsv));
  offChip_ = add("path.offChip", Category::link, "bit", perBit(e.offChip), Scope::device);
  command_ = add("dram.macCommand", Category::array, "command of a channel",
                 scaled<Joules>(e.readBurst, e.commandFactor.value.value));
  mac_ = add("unit.mac", Category::compute, "MAC", e.mac);
  buffer_ = add("unit.buffer", Category::scratchpad, "bit", perBit(e.buffer));
  element_ = add("outside.element", Category::compute, "operation", e.element);
  matrixMac_ = add("outside.mac", Category::compute, "MAC", e.matrixMac);
  const double channels = static_cast<double>(p.channels);
  energy_.addPower("channels.static", Category::leakage, Scope::chip,
                   scaled<Watts>(e.channelStatic, channels));
  energy_.addPower("dram.refresh", Category::refresh, Scope::chip,
                   scaled<Watts>(e.refresh, channels * static_cast<double>(p.banks) /
                                                p.timing.tREFI.value.value));

  info_.kind = "near-bank";
  info_.title = p.title;
  info_.tiers = {{"banks", p.capacity.value, true}};
  info_.ports = {{"pins", BitRate(outsideRate())}};
  info_.area = p.area.value;
  const double bits = p.bitSerial() ? 8 : parseNumberFormat(p.formats.front()).bits;
  const double macs = p.bitSerial() ? channels * static_cast<double>(p.banks) *
                                          p.rowBits.value.value / (663.0 * p.rowCommand.value.value)
                                    : channels * p.commandBits() / bits / p.timing.tMAC.value.value;
  info_.peakMacs = OpRate(2 * std::max(macs, p.matrixRate.value.value / 2));
  info_.peakMemory = BitRate(channels * p.commandBits() / p.timing.tMAC.value.value);
  const double busy = e.commandFactor.value.value > 0
                          ? e.commandFactor.value.value * e.readBurst.value.value
                          : p.commandBits() * e.cell.value.value;
  info_.tdp = Watts(
      channels * ((busy + p.commandBits() / bits * e.mac.value.value) / p.timing.tMAC.value.value +
                  e.channelStatic.value.value));
  info_.tdp.basis = Basis::derived;
  info_.tdp.source = "multiply-accumulate commands without a pause, standing power included";
  return true;
}

double NearBankDevice::outsideRate() const {
  return params_.channelRate.value.value * static_cast<double>(params_.channels);
}

std::int64_t NearBankDevice::lanes(int bits) const {
  return std::max<std::int64_t>(1,
                                static_cast<std::int64_t>(params_.columnBits.value.value) / bits);
}

const KindSet& NearBankDevice::kinds() const {
  using enum OpKind;
  static const KindSet known =
      KindSet{gemm, conv1d, conv2d,    attention, softmax, norm,      activation,
              add,  rope,   embedding, pool,      hamming, collective}
          .withWindows()
          .with({Dim::inputs});
  return known;
}

Support NearBankDevice::supportKnown(const Operator& op) const {
  const NearBankParams& p = params_;
  const bool elements = p.elementRate.value.value > 0;
  const auto refuse = [](std::string why) {
    return Support{Support::Level::refused, std::move(why)};
  };
  const auto multiply = [&](const NumberFormat& weight) {
    const UnitFormat f = unitFormat(weight, op.formats.activation, p);
    if (f.level == UnitFormat::Level::refused) return refuse(f.how);
    return Support{
        f.level == UnitFormat::Level::native ? Support::Level::native : Support::Level::emulated,
        f.how};
  };
  switch (op.kind) {
    case OpKind::gemm:
      if (!op.hasWeights && p.matrixRate.value.value == 0)
        return refuse("both operands are activations; the units read one of them from the banks");
      return multiply(op.hasWeights ? op.formats.weight : op.formats.activation);
    case OpKind::conv1d:
    case OpKind::conv2d:
      if (p.matrixRate.value.value == 0)
        return refuse("the units have no address generation for sliding windows");
      return multiply(op.formats.weight);
    case OpKind::attention: {
      if (p.bitSerial()) return refuse("row commands have no exponential");
      Support s = multiply(op.formats.kv);
      if (s.level != Support::Level::refused && !elements) {
        s.level = Support::Level::emulated;
        s.how = "softmax by the processor that drives the channels; " + s.how;
      }
      return s;
    }
    case OpKind::add:
      if (p.registerFile() || p.bitSerial()) return multiply(op.formats.activation);
      break;
    case OpKind::activation:
      if (op.variant == OpVariant::relu && (p.registerFile() || p.bitSerial()))
        return multiply(op.formats.activation);
      if (lookedUp(op)) {
        Support s = multiply(op.formats.activation);
        if (s.level != Support::Level::refused) s.how = "look-up in tables of the banks; " + s.how;
        return s;
      }
      break;
    case OpKind::hamming:
    case OpKind::collective:
      return refuse("the units multiply and add");
    case OpKind::softmax:
    case OpKind::norm:
    case OpKind::rope:
    case OpKind::embedding:
    case OpKind::pool:
      break;  // by the element unit
    default:
      return refuse("the device has no unit for it");
  }
  if (!elements) return refuse("the device has no unit for it");
  return {Support::Level::native, "element unit beside the channels"};
}

bool NearBankDevice::lookedUp(const Operator& op) const {
  // A gated activation multiplies two values: no table for it.
  return params_.lookupTables && op.kind == OpKind::activation && !isGated(op.variant);
}

bool NearBankDevice::readsBack(const WorkItem& item, OpId id) const {
  // Lane sums lie in the banks: the processor fetches and adds them before the next operator,
  // unless that runs on the host, where the platform's copy brings them.
  if (!params_.registerFile()) return false;
  const std::vector<OpId> consumers = item.graph.consumers(id);
  return !consumers.empty() && std::all_of(consumers.begin(), consumers.end(), [&](OpId c) {
    return support(item.graph.at(c)).level != Support::Level::refused;
  });
}

Expected<std::shared_ptr<const Program>, Refusal> NearBankDevice::lower(
    const WorkItem& item) const {
  if (canInterleave(item)) return std::shared_ptr<const Program>(interleaved(item));
  std::vector<NearBankOp> ops;
  const bool alone = item.graph.size() == 1;
  for (std::size_t i = 0; i < item.region.size(); ++i) {
    const Operator op = item.op(i);
    const Support s = support(op);
    if (s.level == Support::Level::refused)
      return Refusal{Refusal::Code::unsupported, "'" + op.name + "': " + s.how,
                     "map it to the host"};
    NearBankOp planned = plan(op);
    planned.alone = alone;
    if (s.level == Support::Level::emulated)
      planned.assumptions.push_back(
          {"nearBank.format", op.formats.name, {}, {}, s.how, Basis::derived});
    if (readsBack(item, item.region[i])) {
      const double factor =
          params_.adderTree || op.kind == OpKind::add || op.kind == OpKind::activation
              ? 1.0
              : static_cast<double>(lanes(16));
      const double bits = costOf(op).output.value * factor;
      appendStream(planned.sequence, bits / static_cast<double>(params_.channels),
                   "results to processor", params_);
    }
    close(planned);
    ops.push_back(std::move(planned));
  }
  return std::shared_ptr<const Program>(std::make_shared<NearBankProgram>(std::move(ops), alone));
}

CopyCost NearBankDevice::copy(const CopyRequest& request) const {
  const NearBankParams& p = params_;
  CopyCost cost;
  cost.peak = BitRate(outsideRate());
  // Inputs of products are written by their programs, to registers or the buffer of each channel.
  if (request.pattern == CopyPattern::broadcast && request.toDevice) return cost;
  const bool lanesApart = request.pattern == CopyPattern::gather && !p.adderTree;
  cost.wire = request.amount * (lanesApart ? static_cast<double>(lanes(16)) : 1.0);
  cost.latency = toTicks(p.timing.tRCD.value + p.timing.tRead.value);
  const auto bits = static_cast<std::int64_t>(std::ceil(cost.wire.value));
  for (const CoefficientId id : {cell_, bankGroup_, io_, tsv_}) cost.energy.add(id, bits);
  cost.energy.add(activation_, static_cast<std::int64_t>(std::ceil(cost.wire / p.rowBits.value)));
  return cost;
}

LaunchCost NearBankDevice::launch() const {
  LaunchCost cost;
  cost.perProgram = toTicks(params_.launchTime.value);
  return cost;
}

Bits NearBankDevice::residentBits(const Operator& op) const {
  const NearBankParams& p = params_;
  const OpCost cost = costOf(op);
  const bool weights = cost.weights.value > 0;
  const NumberFormat& stored = weights ? op.formats.weight : op.formats.kv;
  double bits = weights ? cost.weights.value : cost.state.value;
  if (!p.bitSerial() &&
      (op.kind == OpKind::gemm || op.kind == OpKind::attention || isConvolution(op.kind))) {
    const UnitFormat f = unitFormat(stored, op.formats.activation, p);
    // Stored densely at the width of the units.
    if (weights)
      bits = static_cast<double>(cost.parameters) * f.bits;
    else
      bits *= static_cast<double>(f.bits) / stored.bits;
  }
  return Bits(bits) * static_cast<double>(weights ? op.weightCopies() : op.count);
}

}  // namespace wattlas::pim::nearbank
