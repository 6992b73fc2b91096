// Pools and their gradients.
#include "workloads/graph/costing.h"

namespace wattlas {

namespace {

/// Values that the windows of an adaptive pool read along one axis.
Exact adaptiveReads(std::int64_t length, std::int64_t outputs) {
  Exact sum = 0;
  if (length % outputs == 0) return Exact(length);
  for (std::int64_t i = 0; i < outputs; ++i)
    sum += Exact(((i + 1) * length + outputs - 1) / outputs - i * length / outputs);
  return sum;
}

void poolCost(Costing& c) {
  const Operator& op = c.op;
  const Exact channels = c.dim(Dim::batch) * c.dim(Dim::cin);
  const Exact pixels = Exact(outputDepth(op)) * outputHeight(op) * outputWidth(op);
  c.cost.input =
      c.activations(channels * c.dim(Dim::depth) * c.dim(Dim::height) * c.dim(Dim::width));
  c.cost.output = c.activations(channels * pixels);
  if (op.variant != OpVariant::adaptive) {
    c.cost.elementOps = channels * pixels * c.dim(Dim::kernelDepth) * c.dim(Dim::kernelHeight) *
                        c.dim(Dim::kernelWidth);
    return;
  }
  c.cost.elementOps = channels;
  for (const auto& [in, out] : {std::pair{Dim::depth, Dim::outDepth},
                                {Dim::height, Dim::outHeight},
                                {Dim::width, Dim::outWidth}}) {
    if (op.dims[out] > 10000000) throw CountOverflow{};
    c.cost.elementOps = Exact(c.cost.elementOps) * adaptiveReads(op.dims[in], op.dims[out]);
  }
}

}  // namespace

template <>
KindSpec describe<OpKind::pool>() {
  using enum Dim;
  return {
      .opClass = OpClass::reduction,
      .doc = "Largest value or mean of windows; adaptive: of as many windows as there are outputs",
      .dims = {batch,          cin,           depth,        height,       width,       kernelDepth,
               kernelHeight,   kernelWidth,   stride,       strideHeight, strideDepth, pad,
               padEnd,         padHeight,     padEndHeight, padDepth,     padEndDepth, dilation,
               dilationHeight, dilationDepth, outDepth,     outHeight,    outWidth},
      .variants = {OpVariant::maximum, OpVariant::average, OpVariant::global, OpVariant::adaptive},
      .batched = Dim::batch,
      .cost = poolCost,
      .derive = [](Derivative& d) {
        Operator& g = d.pass(OpKind::poolGradient);
        g.dims = d.op.dims;
        g.variant = d.op.variant;
        if (d.op.variant == OpVariant::maximum)  // where each maximum was
          d.extra = (Exact(d.op.dims[batch]) * d.op.dims[cin] * outputDepth(d.op) *
                     outputHeight(d.op) * outputWidth(d.op) * 32)
                        .bits();
      }};
}

template <>
KindSpec describe<OpKind::poolGradient>() {
  using enum Dim;
  return {.opClass = OpClass::gather,
          .doc = "Gradient of the input of the pool with these dimensions",
          .dims = describe<OpKind::pool>().dims,
          .variants = describe<OpKind::pool>().variants,
          .batched = Dim::batch,
          .cost = [](Costing& c) {
            Operator forward = c.op;
            forward.kind = OpKind::pool;
            const OpCost cost = costOf(forward);
            c.cost.input = cost.output;
            if (c.op.variant == OpVariant::maximum)
              c.cost.input += cost.output * (32.0 / c.op.formats.activation.bits);
            c.cost.output = cost.input;
            c.cost.elementOps = cost.elementOps;
          }};
}

}  // namespace wattlas
