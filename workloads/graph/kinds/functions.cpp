// Functions of one value, and the update of a weight.
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

template <>
KindSpec describe<OpKind::activationGradient>() {
  using enum Dim;
  return {.opClass = OpClass::elementwise,
          .doc = "Gradient of the input of an activation; gated ones write 2N",
          .dims = {M, N},
          .variants = describe<OpKind::activation>().variants,
          .cost = [](Costing& c) {
            const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
            const Exact inputs = values * (isGated(c.op.variant) ? 2 : 1);
            c.stream(inputs + values, inputs, operationsOf(c.op.variant) + 1);
            if (c.op.variant == OpVariant::dropout)
              c.cost.input = c.activations(values) + (values * 8).bits();
          }};
}

template <>
KindSpec describe<OpKind::rope>() {
  using enum Dim;
  return {.opClass = OpClass::elementwise,
          .doc = "M rows of N = (heads + kv_heads) x rotated width, turned by their position",
          .dims = {M, N},
          // a rotation: 4 products and 2 sums for each pair
          .cost = [](Costing& c) { c.rows(3); },
          .derive = [](Derivative& d) { d.pass(OpKind::rope); }};
}

template <>
KindSpec describe<OpKind::quantize>() {
  using enum Dim;
  return {.opClass = OpClass::elementwise,
          .doc = "M rows of N from the accumulator format to the activation format",
          .dims = {M, N},
          .cost =
              [](Costing& c) {
                c.rows(3);  // scale, round, saturate
                c.cost.input = c.accumulators(c.dim(Dim::M) * c.dim(Dim::N));
              },
          .derive =
              [](Derivative& d) {
                // straight through, except where values are cut off
                d.pass(OpKind::activationGradient).variant = OpVariant::clip;
                d.inputForData = true;
              }};
}

template <>
KindSpec describe<OpKind::dequantize>() {
  using enum Dim;
  return {.opClass = OpClass::elementwise,
          .doc = "M rows of N from the activation format to the accumulator format",
          .dims = {M, N},
          .cost =
              [](Costing& c) {
                c.rows(2);  // offset, scale
                c.cost.output = c.accumulators(c.dim(Dim::M) * c.dim(Dim::N));
              },
          .derive =
              [](Derivative& d) { d.pass(OpKind::activationGradient).variant = OpVariant::clip; }};
}

namespace {

/// Values of the weight, gradient and optimizer formats that a step reads and writes, and those
/// that stay between steps. Weights that are narrower than the optimizer's format have a master
/// copy.
void stepCost(Costing& c) {
  const TensorFormats& f = c.op.formats;
  const Exact values = c.dim(Dim::M);
  const std::int64_t states = c.op.variant == OpVariant::adam       ? 2
                              : c.op.variant == OpVariant::momentum ? 1
                                                                    : 0;
  const bool master = f.weight.name != f.optimizer.name;
  const std::int64_t kept = (states + (master ? 1 : 0)) * f.optimizer.bits;
  c.cost.weights = (values * (kept + f.gradient.bits)).bits();
  c.cost.input = (values * (kept + f.gradient.bits + (master ? 0 : f.weight.bits))).bits();
  c.cost.output = (values * (kept + f.weight.bits)).bits();
  c.cost.elementOps = values * (states == 2 ? 12 : states == 1 ? 4 : 2);
}

}  // namespace

template <>
KindSpec describe<OpKind::optimizerStep>() {
  using enum Dim;
  return {.opClass = OpClass::elementwise,
          .doc = "Update of M weights from their gradients, with the optimizer's state",
          .dims = {M},
          .variants = {OpVariant::descent, OpVariant::momentum, OpVariant::adam},
          .cost = stepCost};
}

}  // namespace wattlas
