#include "workloads/graph/costing.h"

namespace wattlas {
namespace {

/// Bits of a bias or of a norm's gain: activation format when that is a float, else as wide as the
/// accumulator they are added to. Files with blocks keep vectors in 32 bits.
std::int64_t vectorBits(const TensorFormats& formats) {
  if (formats.weight.coding == Coding::block) return 32;
  if (formats.weight.isFloat() && formats.activation.isFloat())
    return std::max(formats.weight.bits, formats.activation.bits);
  return formats.activation.isFloat() ? formats.activation.bits : formats.accumulator.bits;
}

}  // namespace

void Costing::weights(Exact rows, Exact columns, Exact biases) {
  if (!op.hasWeights) return;
  Exact parameters = rows * columns;
  cost.weights = storedBits(rows, columns, op.formats.weight, op.weightSparsity);
  if (op.hasBias || op.foldedNorm) {
    parameters += biases * Exact(op.foldedNorm ? 2 : 1);
    cost.weights += (biases * Exact(vectorBits(op.formats))).bits();
  }
  cost.parameters = parameters;
  cost.weightRead = cost.weights;
}

void Costing::vectors(Exact values) {
  cost.parameters = values;
  cost.weights = cost.weightRead = (values * Exact(vectorBits(op.formats))).bits();
}

std::int64_t operationsOf(OpVariant variant) {
  switch (variant) {
    case OpVariant::sigmoid:  // exponential, add, divide
    case OpVariant::softplus:
    case OpVariant::elu:
      return 3;
    case OpVariant::silu:
    case OpVariant::tanh:
    case OpVariant::glu:
      return 4;  // a sigmoid (or its like) and a multiplication
    case OpVariant::siluMul:
      return 5;
    case OpVariant::gelu:
      return 12;  // tanh form: cubic argument 5, tanh 4, add, product, half
    case OpVariant::geluMul:
      return 13;
    case OpVariant::mish:
      return 8;  // softplus, tanh, product
    case OpVariant::error:
      return 8;  // a polynomial of fourth degree and an exponential
    case OpVariant::relu6:
    case OpVariant::clip:
    case OpVariant::leakyRelu:
    case OpVariant::reluMul:
      return 2;
    case OpVariant::hardSigmoid:
      return 4;  // scale, offset, two comparisons
    case OpVariant::hardSwish:
      return 5;
    default:
      return 1;
  }
}

Operator Derivative::make(const char* suffix, OpKind kind) const {
  Operator g;
  g.name = op.name + suffix;
  g.kind = kind;
  g.formats = op.formats;
  g.formats.activation = op.formats.gradient;
  if (op.formats.gradient.isFloat() && !op.formats.accumulator.isFloat())
    g.formats.accumulator = op.formats.gradient;
  g.hasWeights = false;
  g.cached = false;
  g.count = op.count;
  g.block = op.block;
  g.dims[Dim::M] = op.dims[Dim::M];
  g.dims[Dim::N] = op.dims[Dim::N];
  return g;
}

Operator& Derivative::pass(OpKind kind) {
  data.push_back(make(".dx", kind));
  return data.back();
}

Operator Derivative::sum(const char* suffix, Exact values, Exact of) const {
  Operator g = make(suffix, OpKind::reduce);
  g.variant = OpVariant::sum;
  g.dims[Dim::M] = values;
  g.dims[Dim::N] = of;
  return g;
}

}  // namespace wattlas
