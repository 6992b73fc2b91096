// Kernels without matrix products: element by element, row by row, direct convolution, collectives.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "gpu/lowering.h"
#include "gpu/timing.h"

namespace wattlas::gpu {

namespace {

// Start and first access of a CTA of a gated activation, in elements of its row time; other classes
// showed none on the development rows.
constexpr double gatedHead = 1024;

struct Class {
  const StreamFit& fit;
  bool byRow;  ///< one CTA per row (a reduction, or a kernel written so)
  const char* name;
};

Class classOf(const Parameters& p, const Operator& op) {
  switch (op.kind) {
    case OpKind::add:
      return {p.fit.stream.add, false, "add"};
    case OpKind::rope:
      return {p.fit.stream.rope, true, "rotary embedding"};
    case OpKind::softmax:
    case OpKind::softmaxGradient:
      return {p.fit.stream.softmax, true, "soft-max"};
    case OpKind::norm:
    case OpKind::normGradient:
      if (op.variant == OpVariant::batch) return {p.fit.stream.activation, false, "batch norm"};
      return {p.fit.stream.norm, true, "norm"};
    case OpKind::activation:
      if (isGated(op.variant)) return {p.fit.stream.gated, true, "gated activation"};
      return {p.fit.stream.activation, false, "activation"};
    case OpKind::embedding:
    case OpKind::embeddingBag:
    case OpKind::pool:
    case OpKind::poolGradient:
    case OpKind::lookup:
    case OpKind::gather:
    case OpKind::scatter:
    case OpKind::concat:
    case OpKind::split:
    case OpKind::slice:
    case OpKind::transpose:
    case OpKind::padding:
    case OpKind::upsample:
      return {p.fit.stream.gather, false, "gather"};
    case OpKind::reduce:
    case OpKind::argReduce:
    case OpKind::topK:
    case OpKind::sort:
      return {p.fit.stream.softmax, true, "reduction"};
    default:
      if (specOf(op.kind).opClass != OpClass::elementwise)
        throw std::logic_error(std::string("no kernel for ") + nameOf(op.kind));
      return {p.fit.stream.add, false, "element-wise"};
  }
}

Kernel streaming(const PlanInput& in, const StreamFit& fit) {
  Kernel k;
  k.slotsPerSm = k.parallelPerSm = ctasPerSm;
  k.dramShare = k.l2Share = fit.efficiency.value.value;
  k.start = fit.start.value.value;
  k.l2Bits = in.distinctBits();
  k.dramBits = in.activationDram();
  k.outputBits = in.cost.output.value;
  k.vectorOps = static_cast<double>(in.cost.elementOps);
  return k;
}

}  // namespace

Kernel planStream(const PlanInput& in) {
  const Operator& op = in.op;
  const Class kind = classOf(in.p, op);
  Kernel k = streaming(in, kind.fit);
  k.name = kind.name;
  double rows = static_cast<double>(op.dims[Dim::M]), width = static_cast<double>(op.dims[Dim::N]);
  // A gradient reads what came in and what comes back.
  if (op.kind == OpKind::normGradient || op.kind == OpKind::softmaxGradient) width *= 1.5;
  if (op.kind == OpKind::reduce && width > ctaElements) {  // long rows are shared by CTAs
    const double parts = std::ceil(width / ctaElements);
    rows *= parts;
    width /= parts;
  }
  if (op.kind == OpKind::pool || op.kind == OpKind::poolGradient || op.kind == OpKind::upsample) {
    rows = static_cast<double>(op.dims[Dim::batch] * op.dims[Dim::cin]);
    width = static_cast<double>(outputDepth(op) * outputHeight(op) * outputWidth(op));
  }
  if (!kind.byRow) {
    const double elements = rows * width;
    rows = std::ceil(elements / ctaElements);
    width = std::min(elements, ctaElements);
  }
  const double hertz = in.p.clock.value.value;
  const double lanes = in.p.vector.fp32.value.value / ctasPerSm;
  const double arithmetic = static_cast<double>(in.cost.elementOps) / rows / lanes;
  const double head = isGated(op.variant) ? gatedHead : 0;
  const double share = static_cast<double>(op.formats.activation.bits) /
                       static_cast<double>(in.p.fit.stream.elementBits);
  const double perSm = in.p.memory.bandwidth.value.value / static_cast<double>(in.p.sms);
  const double measured = in.p.fit.stream.measuredPerSm.value.value * 8e9;
  const double faster = measured > 0 ? std::min(1.0, measured / perSm) : 1.0;
  const double latency =
      kind.fit.rowTime.value.value * share * faster * (width + head) / ctaElements * hertz;
  k.rowTimes = latency >= arithmetic;
  k.groups = {{static_cast<std::int64_t>(rows), std::max(latency, arithmetic), 0}};
  // A table is larger than the cache and read at random: its rows come from device memory.
  if (op.kind == OpKind::embedding || op.kind == OpKind::embeddingBag)
    k.dramBits += in.weightDram();
  if (op.kind == OpKind::sort) {
    // A radix sort passes over values and their places once for each byte of a value.
    const double passes = std::ceil(op.formats.activation.bits / 8.0);
    k.l2Bits *= passes;
    k.dramBits *= passes;
    k.start *= passes;
    k.launches = passes;
  }
  return k;
}

Kernel planDirect(const PlanInput& in) {
  Kernel k = streaming(in, in.p.fit.stream.gather);
  k.name = "direct convolution on the lanes";
  // Gradients of filters are sums over all places, which CTAs share.
  const Bits spread = in.op.kind == OpKind::convGradient ? in.cost.input : in.cost.output;
  const double outputs = std::max(1.0, spread.value / in.op.formats.activation.bits);
  const double ctas = std::ceil(outputs / ctaElements * 4.0);  // 1,024 outputs each
  const bool narrow = in.op.formats.activation.bits <= 16;
  const double rate = (narrow ? in.p.vector.fp16 : in.p.vector.fp32).value.value *
                      in.p.fit.convolution.efficiency.value.value / (1.0 + in.path.unpackOps) /
                      ctasPerSm;
  k.groups = {
      {static_cast<std::int64_t>(ctas), static_cast<double>(in.cost.macs) / ctas / rate, 0}};
  k.dramBits += in.weightDram();
  k.vectorOps += static_cast<double>(in.cost.macs) * (1.0 + in.path.unpackOps);
  return k;
}

Kernel planCollective(const PlanInput& in) {
  const CollectiveFit& fit = in.p.fit.collective;
  const double n = static_cast<double>(in.op.dims[Dim::groups]);
  const double total = static_cast<double>(in.op.dims[Dim::M]) *
                       static_cast<double>(in.op.dims[Dim::N]) * in.op.formats.activation.bits;
  Kernel k;
  k.name = std::string("collective ") + nameOf(in.op.variant);
  if (n < 2) return k;
  const OpVariant variant = in.op.variant;
  const bool both = variant == OpVariant::allReduce;
  // Parts go round a ring: twice to reduce for all, once otherwise. What one device has alone
  // crosses the slowest link as a whole, pipelined through the others.
  const bool whole = variant == OpVariant::broadcast || variant == OpVariant::sendReceive;
  k.linkSteps =
      variant == OpVariant::sendReceive ? 1 : static_cast<std::int64_t>((both ? 2 : 1) * (n - 1));
  k.linkBits = whole ? total : total * (both ? 2.0 : 1.0) * (n - 1) / n;
  k.linkRate = in.p.groupBandwidth();
  k.linkFixed = fit.start.value.value + fit.perDevice.value.value * n +
                fit.rootPerMegabyte.value.value * std::sqrt(total / 8e6);
  k.l2Bits = in.distinctBits();
  k.dramBits = in.activationDram();
  k.vectorOps = static_cast<double>(in.cost.elementOps);
  return k;
}

// Operators whose steps depend on each other, and products with a sparse operand.

namespace {

constexpr double scanLength = 2048;  // steps that a CTA scans at once

double real(std::int64_t v) {
  return static_cast<double>(v);
}

/// A kernel on the ordinary lanes: `macs` multiply-adds and `operations` spread over `ctas`.
Kernel onLanes(const PlanInput& in, const StreamFit& fit, double ctas, double macs,
               double operations) {
  Kernel k = streaming(in, fit);
  k.latency = in.p.fit.gemm.latency.value.value;
  k.dramBits += in.weightDram();
  k.vectorOps = macs + operations;
  const double lanes = in.p.vector.fp32.value.value / ctasPerSm;
  k.groups = {{static_cast<std::int64_t>(ctas), k.vectorOps / ctas / lanes, 0}};
  return k;
}

}  // namespace

Kernel planSparse(const PlanInput& in) {
  const Dims& d = in.op.dims;
  const double outputs = real(d[Dim::M]) * real(d[Dim::N]) * real(d[Dim::batch]);
  Kernel k = onLanes(in, in.p.fit.stream.gather, std::max(1.0, std::ceil(outputs / ctaElements)),
                     real(in.cost.macs), real(in.cost.macs) / std::max(1.0, real(d[Dim::N])));
  k.name = "sparse x dense on the lanes";
  // Each non-zero brings its row of the dense operand through L2.
  k.l2Bits += real(in.cost.macs) * in.op.formats.activation.bits;
  return k;
}

std::vector<Kernel> planRecurrent(const PlanInput& in) {
  const Parameters& p = in.p;
  const Dims& d = in.op.dims;
  const double gates = in.op.kind == OpKind::lstm ? 4 : in.op.kind == OpKind::gru ? 3 : 1;
  ProductShape first;
  first.m = real(d[Dim::M]) * real(d[Dim::steps]);
  first.n = gates * real(d[Dim::N]);
  first.k = real(d[Dim::K]);
  first.batches = real(d[Dim::directions]);
  first.columnBits = in.op.formats.weight.bits;
  first.rowBits = first.outputBits = in.op.formats.activation.bits;
  ProductShape step = first;
  step.m = real(d[Dim::M]);
  step.k = real(d[Dim::N]);
  const double steps = real(d[Dim::steps]);
  const double hidden = real(d[Dim::M]) * real(d[Dim::N]) * real(d[Dim::directions]);
  const double matrix = step.n * step.k * step.batches * step.columnBits;

  // What one step moves: the recurrent matrix, the gates of its inputs, the hidden values.
  PlanInput once = in;
  once.cost = {};
  once.cost.weightRead = Bits(matrix);
  once.cost.input = Bits(hidden * (gates + 1) * in.op.formats.activation.bits);
  once.cost.output = Bits(hidden * in.op.formats.activation.bits);
  once.cost.elementOps = static_cast<std::int64_t>(real(in.cost.elementOps) / steps);
  once.cache.weightMiss = missShare(p, matrix);
  Kernel launched = planProduct(once, step);
  launched.name = "recurrent step, one launch each";
  launched.vectorOps += real(once.cost.elementOps);
  // The host cannot start kernels faster than this.
  const double gap = (p.launch.graph ? p.launch.perGraphNode : p.launch.perKernel).value.value;
  launched.start += std::max(0.0, gap - closedForm(p, launched).seconds);
  launched.repeat = d[Dim::steps];
  Kernel recurrent = launched;
  if (matrix <= real(p.sms) * p.memory.sharedMemory.value.value) {
    // The matrix stays on the SMs; a step costs its products there, and an exchange of the hidden
    // values through L2: they are written, seen by all, and read.
    Kernel resident = onLanes(once, p.fit.stream.gather, real(p.sms), 0, 0);
    resident.name = "recurrent step in a persistent kernel";
    resident.slotsPerSm = resident.parallelPerSm = 1;
    resident.start = 0;
    resident.latency = 2 * p.fit.gemm.latency.value.value;
    resident.dramBits = 0;
    resident.l2Bits = once.cost.input.value + once.cost.output.value * real(p.sms);
    resident.macs = step.m * step.n * step.k * step.batches;
    resident.macKind = in.path.kind;
    resident.sharedBits = matrix;
    resident.vectorOps = real(once.cost.elementOps) + in.path.unpackOps * step.n * step.k;
    const double perSm = 1.0 / real(p.sms);
    resident.groups[0].cycles = perSm * (resident.macs / in.path.macsPerClock +
                                         resident.vectorOps / p.vector.fp32.value.value);
    resident.launches = 1.0 / steps;
    resident.repeat = d[Dim::steps];
    if (closedForm(p, resident).seconds < closedForm(p, launched).seconds) recurrent = resident;
  }
  PlanInput all = in;
  all.cost.weightRead = Bits(std::max(0.0, in.cost.weightRead.value - matrix));
  all.cost.output = Bits(first.m * first.n * first.batches * first.outputBits);
  Kernel inputs = planProduct(all, first);
  inputs.name = "inputs of all steps, " + inputs.name;
  return {inputs, recurrent};
}

Kernel planScan(const PlanInput& in) {
  const Dims& d = in.op.dims;
  const double ctas = real(d[Dim::M]) * real(d[Dim::N]);
  Kernel k =
      onLanes(in, in.p.fit.stream.softmax, ctas, real(in.cost.macs), real(in.cost.elementOps));
  k.name = "state-space scan";
  // Steps up to `scanLength` are scanned together, in a tree; then the next ones follow.
  const double length = std::min(real(d[Dim::steps]), scanLength);
  const double rounds = std::ceil(real(d[Dim::steps]) / scanLength) * real(d[Dim::K]);
  const double row = in.p.fit.stream.softmax.rowTime.value.value * length / ctaElements;
  const double chain = rounds * row * in.p.clock.value.value;
  k.rowTimes = chain > k.groups[0].cycles;
  k.groups[0].cycles = std::max(k.groups[0].cycles, chain);
  return k;
}

}  // namespace wattlas::gpu
