// From operators to command sequences: how tensors spread over channels, banks and units.
#include <algorithm>
#include <cmath>

#include "models/base/multiples.h"
#include "pim/nearbank/device.h"

namespace wattlas::pim::nearbank {

namespace {

/// Row commands of majority-based arithmetic on n-bit integers (SIMDRAM's operation library).
std::int64_t multiplyCommands(std::int64_t n) {
  return n == 1 ? 4 : 11 * n * n - 5 * n - 1;
}
std::int64_t addCommands(std::int64_t n) {
  return 8 * n + 1;
}
std::int64_t reluCommands(std::int64_t n) {
  return 3 * n + (n - 1) % 2;
}
std::int64_t bitsOf(std::int64_t values) {
  std::int64_t bits = 0;
  while ((std::int64_t{1} << bits) < values) ++bits;
  return bits;
}

}  // namespace

MatrixWork NearBankDevice::workOf(const Product& product, std::int64_t outputs) const {
  // Matrices go to groups of channels of their own while there are enough; the outputs of one
  // matrix spread over its channels.
  const std::int64_t channels = params_.channels;
  const std::int64_t each = std::max<std::int64_t>(1, channels / product.matrices);
  const std::int64_t together = channels / each;
  MatrixWork work;
  work.outputs = ceilDiv(outputs, each);
  work.inputs = product.inputs;
  work.vectors = product.vectors;
  work.rounds = ceilDiv(product.matrices, together);
  work.bits = product.bits;
  work.channelsUsed = static_cast<double>(
      std::min(channels, together * std::min(each, std::max<std::int64_t>(1, outputs))));
  return work;
}

void NearBankDevice::planProduct(const Product& product, bool banksOnly, NearBankOp& out) const {
  const NearBankParams& p = params_;
  const auto sequenceOf = [&](std::int64_t outputs) {
    Sequence s = out.sequence;
    if (outputs > 0) appendProduct(s, workOf(product, outputs), p);
    return s;
  };
  const double macs = static_cast<double>(product.matrices * product.outputs) *
                      static_cast<double>(product.inputs * product.vectors);
  if (banksOnly || p.matrixRate.value.value <= 0) {
    out.sequence = sequenceOf(product.outputs);
    return;
  }
  // Whole passes beside the banks, the other outputs in the matrix unit; at the same time where a
  // second row buffer keeps the rows of both open, else all of them on one side.
  const std::int64_t grain = p.units * p.channels, outputs = product.outputs;
  const auto withShare = [&](std::int64_t near) {
    NearBankOp op = out;
    op.sequence = sequenceOf(near);
    const double left = static_cast<double>(outputs - near) / static_cast<double>(outputs);
    if (left <= 0) return op;
    op.beside = p.dualRowBuffer;
    addMatrixUnit(left * product.stored, left * macs, op);
    return op;
  };
  NearBankOp best = withShare(0);
  Ticks least = timeOf(best);
  const std::int64_t step = p.dualRowBuffer ? grain : outputs;
  for (std::int64_t near = std::min(step, outputs);; near = std::min(near + step, outputs)) {
    NearBankOp candidate = withShare(near);
    const Ticks time = timeOf(candidate);
    if (time < least) best = std::move(candidate), least = time;
    if (near == outputs) break;
  }
  out = std::move(best);
}

void NearBankDevice::addMatrixUnit(double stored, double macs, NearBankOp& out) const {
  // It reads what it multiplies through the pins.
  const NearBankParams& p = params_;
  out.matrix +=
      toTicks(Seconds(std::max(stored / outsideRate(), 2 * macs / p.matrixRate.value.value)));
  out.matrixSlots += whole(stored / static_cast<double>(p.channels) / p.columnBits.value.value);
  out.energy.add(matrixMac_, whole(macs));
  for (const CoefficientId id : {cell_, bankGroup_, io_, tsv_, offChip_})
    out.energy.add(id, whole(stored));
  out.energy.add(activation_, whole(stored / p.rowBits.value.value));
}

void NearBankDevice::planAttention(const Operator& op, bool inBanks, NearBankOp& out) const {
  const NearBankParams& p = params_;
  const OpCost cost = costOf(op);
  const UnitFormat f = unitFormat(op.formats.kv, op.formats.activation, p);
  const double widen = static_cast<double>(f.bits) / op.formats.kv.bits;
  const std::int64_t heads = op.dims[Dim::heads], kvHeads = op.dims[Dim::kvHeads];
  const std::int64_t batch = op.dims[Dim::batch], keys = visibleKeys(op);
  // Causal masks leave some keys out: as many whole vectors as there are pairs.
  const std::int64_t pairs = attentionPairs(op);
  const std::int64_t vectors =
      std::max<std::int64_t>(1, ceilDiv(pairs * heads / kvHeads, std::max<std::int64_t>(1, keys)));
  const Bits arriving = op.cached ? cost.kvWrite : cost.kvRead;
  appendStream(out.sequence, arriving.value * widen / static_cast<double>(p.channels),
               "keys and values to banks", p, true);
  Product scores;
  scores.matrices = batch * kvHeads;
  scores.outputs = keys;
  scores.inputs = op.dims[Dim::headDim];
  scores.vectors = vectors;
  scores.bits = f.bits;
  scores.stored = static_cast<double>(scores.matrices * keys) *
                  static_cast<double>(op.dims[Dim::headDim] * f.bits);
  const auto multiply = [&](const Product& product) {
    if (inBanks) return planProduct(product, true, out);
    addMatrixUnit(product.stored,
                  static_cast<double>(product.matrices * product.outputs) *
                      static_cast<double>(product.inputs * product.vectors),
                  out);
  };
  multiply(scores);
  const double elements = static_cast<double>(batch * heads) * static_cast<double>(pairs);
  // Scores leave the banks as sums of lanes where no tree adds them.
  if (p.registerFile() && inBanks)
    appendStream(
        out.sequence,
        elements * f.bits * static_cast<double>(lanes(f.bits)) / static_cast<double>(p.channels),
        "scores to processor", p);
  Product values = scores;
  values.outputs = op.dims[Dim::headDim];
  values.inputs = keys;
  multiply(values);
  out.elements += toTicks(p.softmax.value * elements);
  out.energy.add(element_, whole(elements));
}

void NearBankDevice::planBitSerial(const Operator& op, NearBankOp& out) const {
  const NearBankParams& p = params_;
  const double lanesAll = static_cast<double>(p.channels * p.banks) * p.rowBits.value.value;
  const double perChannel = 1.0 / static_cast<double>(p.channels);
  const std::int64_t n =
      unitFormat(op.kind == OpKind::gemm ? op.formats.weight : op.formats.activation,
                 op.formats.activation, p)
          .bits;
  if (op.kind != OpKind::gemm) {
    const std::int64_t values = op.dims[Dim::M] * op.dims[Dim::N];
    const std::int64_t rounds = whole(static_cast<double>(values) / lanesAll);
    appendStream(out.sequence, costOf(op).input.value * perChannel, "operands to banks", p, true);
    appendRowCommands(out.sequence,
                      rounds * (op.kind == OpKind::add ? (op.dims[Dim::inputs] - 1) * addCommands(n)
                                                       : reluCommands(n)),
                      op.kind == OpKind::add ? "add" : "relu", p);
    return;
  }
  const std::int64_t outputs = op.dims[Dim::N], inputs = op.dims[Dim::K], m = op.dims[Dim::M];
  const auto sequenceOf = [&](std::int64_t split) {
    // A column of the array holds the products of one output with every split-th input.
    Sequence s;
    const std::int64_t rounds =
        m * whole(static_cast<double>(outputs) * static_cast<double>(split) / lanesAll);
    const std::int64_t steps = ceilDiv(inputs, split), sum = 2 * n + bitsOf(inputs);
    const double used = static_cast<double>(outputs) * static_cast<double>(split);
    appendStream(s, static_cast<double>(rounds * steps * n) * std::min(lanesAll, used) * perChannel,
                 "inputs to columns", p, true);
    appendRowCommands(s, rounds * steps * multiplyCommands(n), "multiply", p);
    appendRowCommands(s, rounds * steps * addCommands(sum), "accumulate", p);
    appendStream(s, static_cast<double>(m * sum) * used * perChannel, "partial sums to processor",
                 p);
    return s;
  };
  std::int64_t best = 1;
  Ticks least = phaseTable(sequenceOf(1), p, false).time();
  for (std::int64_t split = 2; split <= inputs; split *= 2) {
    const Ticks time = phaseTable(sequenceOf(split), p, false).time();
    if (time < least) best = split, least = time;
  }
  out.sequence = sequenceOf(best);
  out.elements += toTicks(p.softmax.value * (static_cast<double>(outputs * best * m)));
}

void NearBankDevice::planElements(const Operator& op, NearBankOp& out) const {
  const NearBankParams& p = params_;
  const OpCost cost = costOf(op);
  if (p.registerFile() && (op.kind == OpKind::add || op.kind == OpKind::activation)) {
    const int bits = unitFormat(op.formats.activation, op.formats.activation, p).bits;
    const double values = static_cast<double>(op.dims[Dim::M] * op.dims[Dim::N]);
    const double perBank =
        static_cast<double>(p.channels * p.banks) * static_cast<double>(lanes(bits));
    enterMode(out.sequence, p);
    appendElementWise(out.sequence, whole(values / perBank),
                      op.kind == OpKind::add ? static_cast<int>(op.dims[Dim::inputs]) : 1, p);
    leaveMode(out.sequence, p);
    return;
  }
  if (lookedUp(op)) {
    NearBankOp tables = out;
    appendLookups(tables.sequence,
                  whole(static_cast<double>(op.dims[Dim::M] * op.dims[Dim::N]) /
                        static_cast<double>(p.channels)),
                  p);
    NearBankOp unit = out;
    if (p.elementRate.value.value > 0) planElementUnit(op, cost, unit);
    const bool faster = p.elementRate.value.value > 0 &&
                        phaseTable(unit.sequence, p, false).time() + unit.elements <
                            phaseTable(tables.sequence, p, false).time();
    out = faster ? std::move(unit) : std::move(tables);
    return;
  }
  planElementUnit(op, cost, out);
}

void NearBankDevice::planElementUnit(const Operator& op, const OpCost& cost,
                                     NearBankOp& out) const {
  const NearBankParams& p = params_;
  const double moved = (cost.input + cost.output + cost.weightRead).value;
  appendStream(out.sequence, moved / static_cast<double>(p.channels), "operands through pins", p);
  out.elements +=
      op.kind == OpKind::softmax
          ? toTicks(p.softmax.value * static_cast<double>(op.dims[Dim::M] * op.dims[Dim::N]))
          : toTicks(Seconds(static_cast<double>(cost.elementOps) / p.elementRate.value.value));
  out.energy.add(element_, cost.elementOps);
}

NearBankOp NearBankDevice::plan(const Operator& op, bool mayLeave) const {
  const NearBankParams& p = params_;
  const OpCost cost = costOf(op);
  NearBankOp out;
  out.macs = cost.macs;
  out.workspace = cost.input + cost.output;
  out.resident = residentBits(op);
  const bool product =
      op.kind == OpKind::gemm || op.kind == OpKind::conv1d || op.kind == OpKind::conv2d;
  if (p.bitSerial()) {
    planBitSerial(op, out);
    return out;
  }
  if (!product && op.kind != OpKind::attention) {
    planElements(op, out);
    return out;
  }
  if (p.registerFile()) enterMode(out.sequence, p);
  if (op.kind == OpKind::attention) {
    NearBankOp pins = out;
    planAttention(op, true, out);
    if (mayLeave && p.matrixRate.value.value > 0) {
      planAttention(op, false, pins);
      pins.assumptions.push_back({"nearBank.attention",
                                  "matrix unit",
                                  {},
                                  {},
                                  "the pins are faster than the banks for so many queries a key",
                                  Basis::derived});
      if (timeOf(pins) < timeOf(out)) out = std::move(pins);
    }
  } else {
    const NumberFormat& weight = op.hasWeights ? op.formats.weight : op.formats.activation;
    Product one;
    one.bits = unitFormat(weight, op.formats.activation, p).bits;
    const ProductDims dims = productOf(op);
    one.outputs = dims.outputs;
    one.inputs = dims.inputs;
    one.vectors = dims.vectors;
    one.matrices = dims.groups;
    one.stored = static_cast<double>(one.matrices * one.outputs) *
                 static_cast<double>(one.inputs * one.bits);
    planProduct(one, false, out);
  }
  if (p.registerFile()) leaveMode(out.sequence, p);
  return out;
}

void NearBankDevice::close(NearBankOp& out) const {
  const NearBankParams& p = params_;
  const Tally t = tallyOf(out.sequence, p);
  const ChannelClock clock(p.timing);
  const std::int64_t ch = p.channels;
  const double burst = p.columnBits.value.value;
  const int bits = p.bitSerial() ? 1 : parseNumberFormat(p.formats.front()).bits;
  EnergyCounts& e = out.energy;
  const double macBits = static_cast<double>(t.macColumns * ch) * p.commandBits();
  if (p.energy.commandFactor.value.value > 0) {
    e.add(command_, t.macColumns * ch);
  } else {
    e.add(cell_, whole(macBits));
    if (p.place() != MacPlacement::bank) e.add(bankGroup_, whole(macBits));
    if (p.place() == MacPlacement::bufferDie) {
      e.add(io_, whole(macBits));
      e.add(tsv_, whole(macBits));
    }
  }
  e.add(mac_, whole(macBits / bits));
  e.add(cell_, whole(static_cast<double>(t.lookups * ch) * p.commandBits()));
  // A MAC row is open in all banks that the units read together.
  const std::int64_t together = p.registerFile() ? p.banks / 2 : p.units;
  e.add(activation_, ch * (t.macRows * together + t.singleRows + 2 * t.rowCommands * p.banks));
  const double pins =
      static_cast<double>(ch) * burst *
      static_cast<double>(t.reads + t.writes + t.bufferWrites + t.registerReads + t.streamed);
  for (const CoefficientId id : {io_, tsv_, offChip_}) e.add(id, whole(pins));
  const double array =
      static_cast<double>(ch) * burst * static_cast<double>(t.reads + t.writes + t.streamed);
  e.add(cell_, whole(array));
  e.add(bankGroup_, whole(array));
  e.add(buffer_, whole(static_cast<double>(ch) * burst * static_cast<double>(t.bufferWrites)));
  // No sequence is faster than its columns, bursts or row commands one after the other.
  const std::int64_t distance = p.bitSerial() ? rowCommandDistance(p) : clock.mac;
  const std::int64_t least =
      t.macColumns * clock.mac + t.rowCommands * distance + t.streamed * clock.ccds;
  const Ticks sequence(std::max<std::int64_t>(0, least - clock.mac));
  out.bound = (out.beside ? std::max(sequence + out.chained, out.matrix) : sequence + out.matrix) +
              out.elements;
  out.bound = std::max(out.bound, Ticks(clock.ck));
}

}  // namespace wattlas::pim::nearbank
