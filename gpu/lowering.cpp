#include "gpu/lowering.h"

#include <algorithm>

#include "models/programmable.h"

namespace wattlas::gpu {
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
