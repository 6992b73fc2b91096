// Multiply-accumulates, parameters and bits of every operator kind. The conventions are stated in
// docs/workloads.md and checked by hand-computed cases in tests/graph/cost_test.cpp.
#include <algorithm>
#include <bit>
#include <cmath>

#include "models/base/error.h"
#include "workloads/graph/exact.h"
#include "workloads/graph/operator.h"

namespace wattlas {
namespace {

/// Scalar operations an element of each non-linear function takes. A comparison, addition,
/// multiplication, division or exponential counts as one.
std::int64_t opsPerElement(const Operator& op) {
  if (op.kind == OpKind::softmax) return 5;  // maximum, subtract, exponential, sum, scale
  switch (op.variant) {
    case OpVariant::rms:
      return 4;  // square, sum, scale, gain
    case OpVariant::layer:
      return 7;  // sum, subtract mean, square, sum, scale, gain, offset
    case OpVariant::batch:
      return 2;  // scale, shift
    case OpVariant::relu:
      return 1;
    case OpVariant::sigmoid:
      return 3;  // exponential, add, divide
    case OpVariant::silu:
    case OpVariant::tanh:
      return 4;  // a sigmoid (or its like) and a multiplication
    case OpVariant::siluMul:
      return 5;
    case OpVariant::gelu:
      return 12;  // tanh form: cubic argument 5, tanh 4, add, product, half
    default:
      return 1;
  }
}

/// Bits of a bias or of a norm's gain: activation format when that is a float, else as wide as the
/// accumulator they are added to.
std::int64_t vectorBits(const TensorFormats& formats) {
  return formats.activation.isFloat() ? formats.activation.bits : formats.accumulator.bits;
}

struct Costing {
  const Operator& op;
  OpCost cost;

  Exact dim(Dim d) const { return Exact(op.dims[d]); }
  Bits activations(Exact values) const {
    return (values * Exact(op.formats.activation.bits)).bits();
  }

  /// `values` trained weights in the weight format, and a bias (or folded norm) for each output.
  void weights(Exact values, Exact outputs) {
    if (!op.hasWeights) return;
    Exact parameters = values;
    cost.weights = storedBits(values, op.formats.weight, op.weightSparsity);
    const bool vector = op.hasBias || op.foldedNorm;
    if (vector) {
      parameters += outputs * Exact(op.foldedNorm ? 2 : 1);
      cost.weights += (outputs * Exact(vectorBits(op.formats))).bits();
    }
    cost.parameters = parameters;
    cost.weightRead = cost.weights;
  }

  void gemm() {
    const Exact rows = dim(Dim::M) * dim(Dim::batch), n = dim(Dim::N), k = dim(Dim::K);
    cost.macs = rows * n * k;
    cost.input = activations(rows * k);
    if (!op.hasWeights) cost.input += activations(dim(Dim::batch) * k * n);
    cost.output = activations(rows * n);
    weights(n * k, n);
    if (op.hasBias || op.foldedNorm) cost.elementOps = rows * n;
  }

  void convolution() {
    const std::int64_t groups = op.dims[Dim::groups];
    if (op.dims[Dim::cin] % groups != 0 || op.dims[Dim::cout] % groups != 0)
      throw InputError("convolution '" + op.name + "': " + std::to_string(groups) +
                           " groups do not divide " + std::to_string(op.dims[Dim::cin]) +
                           " input and " + std::to_string(op.dims[Dim::cout]) + " output channels",
                       "a number of groups that divides both");
    const bool plane = op.kind == OpKind::conv2d;
    const Exact kernel = dim(Dim::kernelWidth) * (plane ? dim(Dim::kernelHeight) : Exact(1));
    const Exact in = dim(Dim::width) * (plane ? dim(Dim::height) : Exact(1)) * dim(Dim::cin);
    const Exact pixels = Exact(outputHeight(op)) * Exact(outputWidth(op));
    const Exact filter = kernel * Exact(op.dims[Dim::cin] / groups);
    const Exact batch = dim(Dim::batch), cout = dim(Dim::cout);
    cost.macs = batch * pixels * cout * filter;
    cost.input = activations(batch * in);
    cost.output = activations(batch * pixels * cout);
    weights(filter * cout, cout);
    if (op.hasBias || op.foldedNorm) cost.elementOps = batch * pixels * cout;
  }

  void attention() {
    if (op.dims[Dim::heads] % op.dims[Dim::kvHeads] != 0)
      throw InputError("attention '" + op.name + "': " + std::to_string(op.dims[Dim::kvHeads]) +
                           " key-value heads do not divide " + std::to_string(op.dims[Dim::heads]) +
                           " heads",
                       "a number of key-value heads that divides the heads");
    const Exact batch = dim(Dim::batch), queries = dim(Dim::queries);
    const Exact heads = dim(Dim::heads), headDim = dim(Dim::headDim);
    const Exact pairs = batch * heads * Exact(attentionPairs(op));
    const Exact kvValues = Exact(2) * dim(Dim::kvHeads) * headDim;  // key and value of one token
    cost.macs = Exact(2) * pairs * headDim;
    cost.elementOps = Exact(5) * pairs;  // softmax, as above
    const Exact newTokens = op.cached ? queries : dim(Dim::keys);
    cost.input = activations(batch * (queries * heads * headDim + newTokens * kvValues));
    cost.output = activations(batch * queries * heads * headDim);
    if (!op.cached) return;
    const Exact tokenBits = batch * kvValues * Exact(op.formats.kv.bits);
    cost.kvRead = (tokenBits * Exact(visibleKeys(op))).bits();
    cost.kvWrite = (tokenBits * queries).bits();
    const std::int64_t kept =
        op.window > 0 ? std::min(op.window, op.dims[Dim::queries]) : op.dims[Dim::queries];
    cost.state = (tokenBits * Exact(kept)).bits();
  }

  void elementwise() {
    const Exact values = dim(Dim::M) * dim(Dim::N);
    cost.elementOps = values * Exact(opsPerElement(op));
    const bool twoInputs = op.kind == OpKind::add || op.variant == OpVariant::siluMul;
    cost.input = activations(values * Exact(twoInputs ? 2 : 1));
    cost.output = activations(values);
    if (op.kind != OpKind::norm || !op.hasWeights) return;
    const Exact gains = dim(Dim::N) * Exact(op.variant == OpVariant::rms ? 1 : 2);
    cost.parameters = gains;
    cost.weights = cost.weightRead = (gains * Exact(vectorBits(op.formats))).bits();
  }

  void rope() {
    const Exact values = dim(Dim::M) * dim(Dim::N);
    cost.elementOps = values * Exact(3);  // a rotation: 4 products and 2 sums for each pair
    cost.input = cost.output = activations(values);
  }

  void embedding() {
    const Exact rows = dim(Dim::M), width = dim(Dim::N);
    weights(dim(Dim::K) * width, Exact(0));
    const Exact read = std::min<std::int64_t>(rows, op.dims[Dim::K]);
    cost.weightRead = (read * width * Exact(op.formats.weight.bits)).bits();
    cost.input = (rows * Exact(32)).bits();  // 32-bit row indices
    cost.output = activations(rows * width);
  }

  void pool() {
    const Exact channels = dim(Dim::batch) * dim(Dim::cin);
    const Exact pixels = Exact(outputHeight(op)) * Exact(outputWidth(op));
    cost.elementOps = channels * pixels * dim(Dim::kernelHeight) * dim(Dim::kernelWidth);
    cost.input = activations(channels * dim(Dim::height) * dim(Dim::width));
    cost.output = activations(channels * pixels);
  }

  void hamming() {
    const Exact m = dim(Dim::M), n = dim(Dim::N), k = dim(Dim::K);
    cost.macs = m * n * k;
    cost.elementOps = m * n;  // the comparison that finds the nearest class
    weights(n * k, Exact(0));
    cost.input = activations(m * k);
    cost.output = (m * n * Exact(op.formats.accumulator.bits)).bits();
  }

  void collective() {
    const Exact values = dim(Dim::M) * dim(Dim::N);
    const std::int64_t groups = op.dims[Dim::groups];
    const Exact share = (values.value() + groups - 1) / groups;
    const bool reduces =
        op.variant == OpVariant::allReduce || op.variant == OpVariant::reduceScatter;
    if (reduces) cost.elementOps = share * Exact(groups - 1);
    cost.input = activations(op.variant == OpVariant::allGather ? share : values);
    cost.output = activations(op.variant == OpVariant::reduceScatter ? share : values);
  }

  void run() {
    switch (op.kind) {
      case OpKind::gemm:
        return gemm();
      case OpKind::conv1d:
      case OpKind::conv2d:
        return convolution();
      case OpKind::attention:
        return attention();
      case OpKind::softmax:
      case OpKind::norm:
      case OpKind::activation:
      case OpKind::add:
        return elementwise();
      case OpKind::rope:
        return rope();
      case OpKind::embedding:
        return embedding();
      case OpKind::pool:
        return pool();
      case OpKind::hamming:
        return hamming();
      case OpKind::collective:
        return collective();
    }
  }
};

void checkDims(const Operator& op) {
  for (int i = 0; i < static_cast<int>(Dim::count_); ++i) {
    const Dim d = static_cast<Dim>(i);
    const std::int64_t least = d == Dim::pad || d == Dim::padEnd ? 0 : 1;
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

Bits storedBits(std::int64_t values, const NumberFormat& format, const Sparsity& sparsity) {
  const double dense = (Exact(values) * Exact(format.bits)).bits().value;
  const double n = static_cast<double>(values);
  double stored = dense;
  switch (sparsity.pattern) {
    case Sparsity::Pattern::none:
      return Bits(dense);
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
  return Bits(std::min(stored, dense));
}

OpCost costOf(const Operator& op) {
  checkDims(op);
  try {
    Costing costing{op, {}};
    costing.run();
    return costing.cost;
  } catch (const CountOverflow&) {
    throw InputError("operator '" + op.name + "' (" + nameOf(op.kind) +
                         ") needs more than 2^62 multiply-accumulates or bits",
                     "smaller dimensions", "reduce batch, prompt or the layer's dimensions");
  }
}

}  // namespace wattlas
