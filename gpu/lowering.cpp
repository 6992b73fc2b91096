#include "gpu/lowering.h"

#include <algorithm>

#include "models/programmable.h"

namespace wattlas::gpu {

namespace {

using Level = Support::Level;

DataPath make(Level level, std::string how, MacKind kind, double rate, bool matrix, double bits,
              double unpack = 0) {
  DataPath path;
  path.support = {level, std::move(how)};
  path.kind = kind;
  path.macsPerClock = rate;
  path.matrixUnit = matrix;
  path.operandBits = bits;
  path.unpackOps = unpack;
  return path;
}

double rate(const Sourced<Ratio>& r) {
  return r.value.value;
}

DataPath refused(std::string why) {
  return make(Level::refused, std::move(why), MacKind::none, 0, false, 0);
}

/// 16-bit float products: matrix unit, or lanes where there is none.
DataPath half(const Parameters& p, bool brain, Level level, const std::string& how, double unpack) {
  const double matrix = rate(brain ? p.matrix.bf16 : p.matrix.fp16);
  if (matrix > 0) return make(level, how, MacKind::fp16, matrix, true, 16, unpack);
  if (!brain)
    return make(level, how.empty() ? "fp16 lanes, no matrix units" : how + "; on fp16 lanes",
                MacKind::fp16, rate(p.vector.fp16), false, 16, unpack);
  return make(Level::emulated, "bf16 is widened to fp32 lanes: no bf16 units", MacKind::fp32,
              rate(p.vector.fp32), false, 32, unpack + 1);
}

bool isNarrowInteger(const NumberFormat& f) {
  return f.kind == NumberKind::ternary || f.kind == NumberKind::binary ||
         (f.kind == NumberKind::integer && f.bits <= (f.coding == Coding::powerOfTwo ? 4 : 8));
}

/// Operations to turn one stored value into an operand: convert and scale; packed formats are
/// shifted and masked before.
double unpackCost(const NumberFormat& f) {
  return f.bits >= 8 ? 2.0 : 4.0;
}

DataPath floats(const Parameters& p, const NumberFormat& w, const NumberFormat& a) {
  const int widest = std::max(w.bits, a.bits);
  if (w.name == "tf32" && a.name == "tf32" && rate(p.matrix.tf32) > 0)
    return make(Level::native, "", MacKind::fp16, rate(p.matrix.tf32), true, 32);
  if (widest >= 32 && w.bits == a.bits && rate(p.matrix.fp32) > 0)
    return make(Level::native, "", MacKind::fp32, rate(p.matrix.fp32), true, 32);
  if (widest >= 32)
    return make(Level::native, "fp32 lanes", MacKind::fp32, rate(p.vector.fp32), false, 32,
                w.bits < 32 ? 1 : 0);
  const bool brain = w.name == "bf16" || a.name == "bf16";
  if (widest == 16) {
    if (w.name == a.name) return half(p, brain, Level::native, "", 0);
    return half(p, brain, Level::emulated,
                w.name + " weights are converted to " + (brain ? "bf16" : "fp16") +
                    " before each product: no compute is saved",
                unpackCost(w));
  }
  // Units that scale blocks came with those for fp4.
  if (!(w.isPlain() && a.isPlain()) && rate(p.matrix.fp4) <= 0)
    return half(p, false, Level::emulated,
                w.name + " is expanded to fp16 with the scales of its blocks: no units that scale",
                unpackCost(w));
  if (widest == 4 && rate(p.matrix.fp4) > 0)
    return make(Level::native, "", MacKind::fp4, rate(p.matrix.fp4), true, 4);
  if (rate(p.matrix.fp8) > 0) {
    const bool native = w.bits == 8 && a.bits == 8;
    return make(native ? Level::native : Level::emulated,
                native ? "" : w.name + " values are widened to fp8 units", MacKind::fp8,
                rate(p.matrix.fp8), true, 8, native ? 0 : 2);
  }
  return half(p, false, Level::emulated,
              w.name + " is stored only; products run in fp16 after conversion", unpackCost(w));
}

DataPath integers(const Parameters& p, const NumberFormat& w, const NumberFormat& a) {
  if (w.kind == NumberKind::binary && a.kind == NumberKind::binary) {
    if (rate(p.matrix.binary) > 0)
      return make(Level::native, "", MacKind::binary, rate(p.matrix.binary), true, 1);
    return make(Level::emulated, "32 bits per XOR and population count on the lanes",
                MacKind::binary, 32.0 * rate(p.vector.logic), false, 1);
  }
  const int widest = std::max(w.bits, a.bits);
  const bool plain = w.coding == Coding::plain;
  if (widest <= 4 && plain && rate(p.matrix.int4) > 0) {
    const bool native = w.bits == 4 && a.bits == 4;
    return make(native ? Level::native : Level::emulated,
                native ? "" : w.name + " weights are unpacked to int4 units", MacKind::int4,
                rate(p.matrix.int4), true, 4, native ? 0 : unpackCost(w));
  }
  if (rate(p.matrix.int8) > 0) {
    const bool native = plain && w.bits == 8 && a.bits == 8;
    return make(native ? Level::native : Level::emulated,
                native ? "" : w.name + " weights are unpacked to int8 units", MacKind::int8,
                rate(p.matrix.int8), true, 8, native ? 0 : unpackCost(w));
  }
  return half(p, false, Level::emulated,
              "integers up to 8 bits are exact in fp16 and converted: no int8 units",
              unpackCost(w));
}

}  // namespace

DataPath productPath(const Parameters& p, const NumberFormat& w, const NumberFormat& a) {
  if (w.isFloat() && a.isFloat()) return floats(p, w, a);
  if (isNarrowInteger(w) && isNarrowInteger(a)) return integers(p, w, a);
  if (w.bits > 32 || a.bits > 32) return refused("a GPU has no units for operands above 32 bits");
  if (a.isFloat() && isNarrowInteger(w)) {
    if (a.bits >= 32)
      return make(Level::emulated, w.name + " weights are converted to fp32 lanes", MacKind::fp32,
                  rate(p.vector.fp32), false, 32, unpackCost(w) + 1);
    return half(
        p, a.name == "bf16", Level::emulated,
        w.name + " weights are dequantised to 16-bit floats: bytes shrink, compute does not",
        unpackCost(w));
  }
  return make(
      Level::emulated,
      "32-bit integer multiply-adds on the lanes: no matrix units for " + w.name + " x " + a.name,
      MacKind::fp32, rate(p.vector.int32), false, 32, unpackCost(w));
}

DataPath pathOf(const Parameters& p, const Operator& op) {
  if (op.kind == OpKind::attention) return productPath(p, op.formats.kv, op.formats.activation);
  if (op.kind == OpKind::hamming) {
    const NumberFormat bit = parseNumberFormat("binary");
    return productPath(p, bit, bit);
  }
  if (isProduct(op.kind) && !op.hasWeights)
    return productPath(p, op.formats.activation, op.formats.activation);
  return productPath(p, op.formats.weight, op.formats.activation);
}

Support supportOf(const Parameters& p, const Operator& op) {
  if (std::string missing = programmableKinds().missing(op); !missing.empty())
    return {Level::refused, std::move(missing)};
  if (isProduct(op.kind) || specOf(op.kind).opClass == OpClass::recurrent)
    return pathOf(p, op).support;
  if (op.kind == OpKind::collective) {
    if (p.groupBandwidth() <= 0)
      return {Level::refused, "this device has no link to others (groupLink)"};
    return {Level::native, ""};
  }
  const int bits = op.formats.activation.bits;
  if (bits > 32) return {Level::refused, "elements above 32 bits"};
  if (bits < 8)
    return {Level::emulated,
            op.formats.activation.name + " elements are unpacked to bytes in registers"};
  return {Level::native, ""};
}

namespace {

/// Physical bound: MACs at the nominal peak of their unit; bytes through L2; and the bytes that
/// even a full L2 cannot have held before, through DRAM.
Ticks physicalBound(const PlanInput& in, double usefulMacs) {
  const Parameters& p = in.p;
  double seconds = in.distinctBits() / p.memory.l2Bandwidth.value.value;
  seconds = std::max(
      seconds, (in.distinctBits() - p.memory.l2Size.value.value) / p.memory.bandwidth.value.value);
  double rate = in.path.macsPerClock;
  const Sparsity& s = in.op.weightSparsity;
  if (s.pattern == Sparsity::Pattern::nm && in.path.matrixUnit) rate *= 2.0;
  // Winograd F(4x4, 3x3) needs a quarter of the multiplications.
  if (hasWinograd(p, in.op) && !in.path.matrixUnit) usefulMacs /= 4.0;
  // A convolution may run on either unit; scans and sparse products run on the lanes.
  const bool lanes = in.op.kind != OpKind::gemm && in.op.kind != OpKind::attention &&
                     in.op.kind != OpKind::hamming;
  if (lanes) rate = std::max({rate, p.vector.fp16.value.value, p.vector.fp32.value.value});
  if (usefulMacs > 0 && rate > 0)
    seconds =
        std::max(seconds, usefulMacs / (rate * static_cast<double>(p.sms) * p.clock.value.value));
  return Ticks(static_cast<std::int64_t>(seconds * 1e12));  // rounded down: stays a bound
}

ProductShape gemmShape(const Operator& op, const OpCost& cost) {
  ProductShape s = shapeOf(op);
  s.columnBits = op.hasWeights && cost.weightRead.value > 0
                     ? std::min(cost.weightRead.value / (s.n * s.k), 64.0)
                     : op.formats.activation.bits;
  return s;
}

ProductShape hammingShape(const Operator& op) {
  ProductShape s = shapeOf(op);
  s.outputBits = op.formats.accumulator.bits;
  return s;
}

void hashInto(Hasher& h, const Kernel& k) {
  h.text(k.name)
      .integer(k.rowTimes)
      .integer(k.waveByWave)
      .integer(k.slotsPerSm)
      .integer(k.parallelPerSm);
  if (k.repeat > 1) h.integer(k.repeat);
  for (const CtaGroup& g : k.groups) h.integer(g.count).real(g.cycles).real(g.inFlight);
  for (const double v : {k.dramBits,
                         k.l2Bits,
                         k.outputBits,
                         k.dramShare,
                         k.l2Share,
                         k.start,
                         k.latency,
                         k.overlapLoss,
                         k.memoryLatency,
                         k.ctasToFill,
                         k.macs,
                         k.vectorOps,
                         k.sharedBits,
                         k.linkBits,
                         k.linkRate,
                         k.linkFixed,
                         k.launches,
                         k.grid.rowPanelBits,
                         k.grid.columnPanelBits,
                         k.grid.rowsFromDram,
                         k.grid.columnsFromDram,
                         k.grid.outputToDram})
    h.real(v);
  h.integer(static_cast<std::int64_t>(k.macKind)).integer(k.linkSteps);
  h.integer(k.grid.rows).integer(k.grid.columns);
}

std::vector<Kernel> plan(const PlanInput& in) {
  switch (in.op.kind) {
    case OpKind::gemm:
      return {planProduct(in, gemmShape(in.op, in.cost))};
    case OpKind::hamming:
    case OpKind::search:
      return {planProduct(in, hammingShape(in.op))};
    case OpKind::spmm:
      return {planSparse(in)};
    case OpKind::lstm:
    case OpKind::gru:
    case OpKind::rnn:
      return planRecurrent(in);
    case OpKind::scan:
      return {planScan(in)};
    case OpKind::conv1d:
    case OpKind::conv2d:
    case OpKind::conv3d:
    case OpKind::convTranspose:
    case OpKind::convGradient:
      return {planConvolution(in)};
    case OpKind::attention:
      return planAttention(in);
    case OpKind::attentionGradient:
      return {planAttentionGradient(in)};
    case OpKind::collective:
      return {planCollective(in)};
    default:  // one pass over the operands: everything else that programmableKinds() has
      return {planStream(in)};
  }
}

}  // namespace

Expected<std::shared_ptr<GpuProgram>, Refusal> lowerOperator(const Parameters& p,
                                                             const Operator& op, double loopBits) {
  const Support support = supportOf(p, op);
  if (support.level == Support::Level::refused) {
    const bool format = op.kind != OpKind::collective && programmableKinds().missing(op).empty();
    return Refusal{format ? Refusal::Code::format : Refusal::Code::unsupported,
                   "operator '" + op.name + "' does not run on " + p.title + ": " + support.how,
                   format ? "int8 or fp16" : ""};
  }
  PlanInput in{p, op, costOf(op), pathOf(p, op), cacheState(p, loopBits)};
  auto program = std::make_shared<GpuProgram>();
  program->parameters = &p;
  if (auto first = quantisation(p, op, in.path)) program->kernels.push_back(std::move(*first));
  if (auto first = cacheWrite(p, op)) program->kernels.push_back(std::move(*first));
  for (const Operator& part : launchedFor(p.fit.launches, op)) {
    const PlanInput own{p, part, costOf(part), pathOf(p, part), in.cache};
    for (Kernel& k : plan(own)) program->kernels.push_back(std::move(k));
  }
  program->usefulMacs = static_cast<double>(in.cost.macs);
  program->bound_ = physicalBound(in, program->usefulMacs);
  if (support.level == Support::Level::emulated)
    program->assumptions.push_back({"format." + op.formats.name, support.how, "", "",
                                    "formats of " + p.title, Basis::derived});
  Hasher h;
  h.text("gpu")
      .text(p.fit.stack)
      .real(p.fit.gemm.latency.value.value)
      .real(program->usefulMacs)
      .integer(program->bound_.ps);
  for (const Kernel& k : program->kernels) hashInto(h, k);
  for (const Assumption& a : program->assumptions) h.text(a.key).text(a.value);
  program->hash_ = h.finish();
  return program;
}

}  // namespace wattlas::gpu
