// Interleaving of two halves of a batch (published for NeuPIMs): while the banks attend for one
// half, the matrix unit multiplies and the vector units work for the other; then they change sides.
// A block of a network takes two such stages, each as long as the slower side; weights are read
// twice.
#include <fmt/format.h>

#include <algorithm>

#include "pim/nearbank/device.h"

namespace wattlas::pim::nearbank {

namespace {

bool attends(const Operator& op) {
  return op.kind == OpKind::attention && op.cached && op.dims[Dim::queries] == 1 &&
         op.dims[Dim::batch] >= 2;
}

/// Rows of a batch that an operator has; attention counts sequences.
Dim rowsOf(const Operator& op) {
  return op.kind == OpKind::attention || op.dims[Dim::batch] > 1 ? Dim::batch : Dim::M;
}

Operator withRows(Operator op, std::int64_t rows) {
  op.dims[rowsOf(op)] = rows;
  return op;
}

}  // namespace

std::vector<std::vector<OpId>> NearBankDevice::partition(const Graph& graph,
                                                         const std::vector<OpId>& mine) const {
  if (!params_.interleave || !params_.dualRowBuffer) return Device::partition(graph, mine);
  std::vector<std::vector<OpId>> regions;
  for (std::size_t i = 0; i < mine.size();) {
    const Operator& first = graph.at(mine[i]);
    std::vector<OpId> block = {mine[i++]};
    while (!first.block.empty() && i < mine.size() && graph.at(mine[i]).block == first.block &&
           graph.at(mine[i]).count == first.count)
      block.push_back(mine[i++]);
    if (interleaves({graph, block, PhaseKind::decode}))
      regions.push_back(std::move(block));
    else
      for (const OpId id : block) regions.push_back({id});
  }
  return regions;
}

bool NearBankDevice::canInterleave(const WorkItem& item) const {
  if (!params_.interleave || !params_.dualRowBuffer || item.region.size() < 2) return false;
  std::int64_t rows = 0, attentions = 0;
  for (std::size_t i = 0; i < item.region.size(); ++i) {
    const Operator op = item.op(i);
    if (support(op).level == Support::Level::refused) return false;
    if (op.kind == OpKind::attention && !attends(op)) return false;
    if (op.kind == OpKind::conv1d || op.kind == OpKind::conv2d) return false;
    attentions += attends(op);
    if (rows == 0) rows = op.dims[rowsOf(op)];
    if (op.dims[rowsOf(op)] != rows) return false;
  }
  return attentions == 1;
}

bool NearBankDevice::interleaves(const WorkItem& item) const {
  if (!canInterleave(item)) return false;
  Ticks oneByOne;
  for (std::size_t i = 0; i < item.region.size(); ++i) {
    NearBankOp whole = plan(item.op(i));
    close(whole);
    oneByOne += timeOf(whole) + toTicks(params_.launchTime.value);
  }
  const auto program = interleaved(item);
  Ticks both = toTicks(params_.launchTime.value);
  for (const NearBankOp& stage : program->operators()) both += timeOf(stage);
  return both < oneByOne;
}

Ticks NearBankDevice::timeOf(const NearBankOp& op) const {
  return duration(
      op, op.sequence.sections.empty() ? Ticks(0) : phaseTable(op.sequence, params_, false).time());
}

std::shared_ptr<const NearBankProgram> NearBankDevice::interleaved(const WorkItem& item) const {
  std::vector<NearBankOp> stages(2);
  std::vector<RegionShare> shares(item.region.size());
  for (std::size_t i = 0; i < item.region.size(); ++i) {
    const Operator op = item.op(i);
    const std::int64_t rows = op.dims[rowsOf(op)];
    RegionShare& share = shares[i];
    share.inBanks = attends(op);
    for (std::size_t half = 0; half < 2; ++half) {
      const Operator part = withRows(op, half == 0 ? (rows + 1) / 2 : rows / 2);
      // Attention of the first half runs beside the work for the second.
      NearBankOp& stage = stages[share.inBanks ? 1 - half : half];
      NearBankOp one = share.inBanks ? plan(part, false) : planOutside(part);
      const Ticks outside = one.matrix + (share.inBanks ? Ticks(0) : one.elements);
      one.chained = share.inBanks ? one.elements : Ticks(0);
      if (share.inBanks) stage.sequence = one.sequence;
      close(one);
      stage.matrix += outside;
      stage.matrixSlots += one.matrixSlots;
      stage.chained += one.chained;
      stage.macs += one.macs;
      stage.workspace.value = std::max(stage.workspace.value, one.workspace.value);
      stage.energy.add(one.energy);
      share.energy.add(one.energy);
      share.outside += outside;
      share.macs += one.macs;
      if (half == 0) {
        // Weights are stored once; both halves of the cache count.
        stage.resident += residentBits(op);
        for (Assumption& a : one.assumptions) stage.assumptions.push_back(std::move(a));
      }
    }
  }
  std::string text;
  for (NearBankOp& stage : stages) {
    stage.beside = true;
    const Ticks banks = phaseTable(stage.sequence, params_, false).time() + stage.chained;
    stage.bound = std::max(stage.matrix, Ticks(1));
    text += fmt::format("{}max({:.6g} ns banks, {:.6g} ns matrix and vector units)",
                        text.empty() ? "" : " + ", static_cast<double>(banks.ps) * 1e-3,
                        static_cast<double>(stage.matrix.ps) * 1e-3);
  }
  stages[0].assumptions.push_back({"nearBank.interleave",
                                   text,
                                   {},
                                   {},
                                   "two halves of the batch change sides in each block",
                                   Basis::derived});
  return std::make_shared<NearBankProgram>(std::move(stages), false, std::move(shares));
}

NearBankOp NearBankDevice::planOutside(const Operator& op) const {
  NearBankOp out;
  const OpCost cost = costOf(op);
  out.macs = cost.macs;
  out.workspace = cost.input + cost.output;
  if (op.kind == OpKind::gemm) {
    const NumberFormat& weight = op.hasWeights ? op.formats.weight : op.formats.activation;
    const int bits = unitFormat(weight, op.formats.activation, params_).bits;
    const double stored = static_cast<double>(op.dims[Dim::N]) *
                          static_cast<double>(op.dims[Dim::K] * bits) *
                          static_cast<double>(op.hasWeights ? 1 : op.dims[Dim::batch]);
    addMatrixUnit(stored, static_cast<double>(cost.macs), out);
    return out;
  }
  // What passes the pins keeps the matrix unit's reads waiting.
  planElements(op, out);
  const Tally t = tallyOf(out.sequence, params_);
  out.matrix += Ticks(t.streamed * ChannelClock(params_.timing).ccds);
  out.matrixSlots += t.streamed;
  return out;
}

Profile NearBankDevice::interleavedProfile(const NearBankProgram& program,
                                           const std::vector<Ticks>& times) const {
  Profile profile;
  Ticks whole;
  for (std::size_t i = 0; i < program.operators().size(); ++i) {
    const NearBankOp& stage = program.operators()[i];
    Segment s;
    s.local = std::max(duration(stage, times.at(i)), stage.bound);
    s.energy = stage.energy;
    s.bottleneck = Bottleneck::memory;
    whole += s.local;
    profile.segments.push_back(std::move(s));
    for (const Assumption& a : stage.assumptions) profile.assumptions.push_back(a);
  }
  Ticks outside;
  for (const RegionShare& share : program.shares())
    if (!share.inBanks) outside += share.outside;
  const Ticks hidden = std::min(whole, outside);
  Ticks now;
  for (std::size_t i = 0; i < program.shares().size(); ++i) {
    const RegionShare& from = program.shares()[i];
    OperatorShare share;
    share.op = static_cast<std::int32_t>(i);
    share.start = now;
    // Attention is charged what the other side does not cover.
    share.attributed = from.inBanks ? whole - hidden : from.outside;
    share.busy = from.inBanks ? times.at(0) + times.at(1) : from.outside;
    now += share.attributed;
    share.end = from.inBanks ? whole : now;
    share.energy = from.energy;
    share.bottleneck = Bottleneck::memory;
    const double peak = info_.peakMacs.value / 2;
    if (share.attributed.ps > 0 && from.macs > 0 && peak > 0)
      share.utilisation = rounded(
          std::min(1.0, static_cast<double>(from.macs) / toSeconds(share.attributed).value / peak));
    profile.shares.push_back(std::move(share));
  }
  return profile;
}

}  // namespace wattlas::pim::nearbank
