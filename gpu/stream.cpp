// Kernels without matrix products: element by element, row by row, direct convolution, collectives.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "gpu/lowering.h"

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

}  // namespace wattlas::gpu
