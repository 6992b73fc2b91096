#include "workloads/graph/costing.h"

#include <algorithm>
#include <bit>
#include <cmath>

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

namespace {

void checkDims(const Operator& op) {
  for (int i = 0; i < static_cast<int>(Dim::count_); ++i) {
    const Dim d = static_cast<Dim>(i);
    const std::int64_t least = Dims::leastOf(d);
    if (op.dims[d] < least)
      throw InputError(
          "operator '" + op.name + "': " + nameOf(d) + " is " + std::to_string(op.dims[d]),
          "at least " + std::to_string(least));
  }
  if (op.count < 1)
    throw InputError("operator '" + op.name + "': count is " + std::to_string(op.count),
                     "at least 1");
}

}  // namespace

Bits storedBits(std::int64_t rows, std::int64_t columns, const NumberFormat& asked,
                const Sparsity& sparsity) {
  const NumberFormat& format = storedAs(asked, columns);
  const double dense = (Exact(rows) * columns * Exact(format.bits)).bits().value;
  const double n = static_cast<double>(rows) * static_cast<double>(columns);
  const double scales =
      format.group > 0
          ? denseBits(format, static_cast<double>(rows), static_cast<double>(columns)) - dense
          : 0;
  double stored = dense;
  switch (sparsity.pattern) {
    case Sparsity::Pattern::none:
      return Bits(dense + scales);
    case Sparsity::Pattern::unstructured:  // the non-zeros and one bit a position
      stored = std::ceil(n * sparsity.density) * format.bits + n;
      break;
    case Sparsity::Pattern::nm: {  // n of each m values, each with its place among the m
      const double kept = std::ceil(n * sparsity.n / sparsity.m);
      stored = kept * (format.bits + std::bit_width(static_cast<unsigned>(sparsity.m - 1)));
      break;
    }
    case Sparsity::Pattern::block: {  // whole blocks of m values and one bit a block
      const double block = sparsity.m > 0 ? sparsity.m : 16;
      stored = std::ceil(n * sparsity.density) * format.bits + std::ceil(n / block);
      break;
    }
  }
  return Bits(std::min(stored, dense) + scales);
}

OpCost costOf(const Operator& op) {
  checkDims(op);
  try {
    Costing costing{op, {}};
    const KindSpec& spec = specOf(op.kind);
    spec.cost(costing);
    // Each group of integer weights ends in one multiplication by its scale; floats are scaled as
    // they are unpacked, which is the device's own work.
    const NumberFormat& w = op.formats.weight;
    if (spec.opClass == OpClass::product && op.hasWeights && w.group > 0 &&
        !op.formats.activation.isFloat())
      costing.cost.elementOps += costing.cost.macs / w.group;
    return costing.cost;
  } catch (const CountOverflow&) {
    throw InputError("operator '" + op.name + "' (" + nameOf(op.kind) +
                         ") needs more than 2^62 multiply-accumulates or bits",
                     "smaller dimensions", "reduce batch, prompt or the layer's dimensions");
  }
}

}  // namespace wattlas
