#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::activation>() {
  using enum Dim;
  return {.opClass = OpClass::elementwise,
          .doc = "M rows of N through a function of one value; gated ones read 2N",
          .dims = {M, N},
          .variants = {OpVariant::relu,       OpVariant::gelu,        OpVariant::silu,
                       OpVariant::siluMul,    OpVariant::tanh,        OpVariant::sigmoid,
                       OpVariant::geluMul,    OpVariant::reluMul,     OpVariant::glu,
                       OpVariant::relu6,      OpVariant::hardSwish,   OpVariant::hardSigmoid,
                       OpVariant::leakyRelu,  OpVariant::elu,         OpVariant::mish,
                       OpVariant::softplus,   OpVariant::exponential, OpVariant::logarithm,
                       OpVariant::squareRoot, OpVariant::reciprocal,  OpVariant::error,
                       OpVariant::sine,       OpVariant::absolute,    OpVariant::negative,
                       OpVariant::round,      OpVariant::clip,        OpVariant::dropout},
          .cost =
              [](Costing& c) {
                const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
                c.stream(values * Exact(isGated(c.op.variant) ? 2 : 1), values,
                         operationsOf(c.op.variant));
                if (c.op.variant == OpVariant::dropout)
                  c.cost.output += (values * 8).bits();  // mask
              },
          .derive =
              [](Derivative& d) {
                d.pass(OpKind::activationGradient).variant = d.op.variant;
                // The slope follows from the result where the function says so.
                const auto fromOutput = {OpVariant::relu,        OpVariant::relu6,
                                         OpVariant::tanh,        OpVariant::sigmoid,
                                         OpVariant::exponential, OpVariant::leakyRelu,
                                         OpVariant::squareRoot};
                d.outputForData = std::find(fromOutput.begin(), fromOutput.end(), d.op.variant) !=
                                  fromOutput.end();
                if (d.op.variant == OpVariant::dropout)
                  d.extra = (Exact(d.op.dims[M]) * d.op.dims[N] * 8).bits();
                else
                  d.inputForData = !d.outputForData;
              }};
}

}  // namespace wattlas
