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

void convolutionCost(Costing& c) {
  const Operator& op = c.op;
  const std::int64_t groups = op.dims[Dim::groups];
  if (op.dims[Dim::cin] % groups != 0 || op.dims[Dim::cout] % groups != 0)
    throw InputError("convolution '" + op.name + "': " + std::to_string(groups) +
                         " groups do not divide " + std::to_string(op.dims[Dim::cin]) +
                         " input and " + std::to_string(op.dims[Dim::cout]) + " output channels",
                     "a number of groups that divides both");
  const bool transposed = op.kind == OpKind::convTranspose;
  Exact kernel = 1, in = 1;
  for (const Axis axis : {Axis::depth, Axis::height, Axis::width}) {
    const WindowAxis w = windowAxis(op, axis);
    kernel = kernel * Exact(w.kernel);
    in = in * Exact(w.length);
  }
  const Exact out = Exact(outputDepth(op)) * outputHeight(op) * outputWidth(op);
  const Exact filter = kernel * Exact(op.dims[Dim::cin] / groups);
  const Exact batch = c.dim(Dim::batch), cout = c.dim(Dim::cout);
  c.cost.macs = batch * (transposed ? in : out) * cout * filter;
  c.cost.input = c.activations(batch * in * c.dim(Dim::cin));
  c.cost.output = c.activations(batch * out * cout);
  c.weights(cout, filter, cout);
  if (op.hasBias || op.foldedNorm) c.cost.elementOps = batch * out * cout;
}

ProductDims convolutionProduct(const Operator& op) {
  const Dims& d = op.dims;
  const bool transposed = op.kind == OpKind::convTranspose;
  std::int64_t kernel = 1, in = 1;
  for (const Axis axis : {Axis::depth, Axis::height, Axis::width}) {
    const WindowAxis w = windowAxis(op, axis);
    kernel *= w.kernel;
    in *= w.length;
  }
  ProductDims p;
  p.groups = d[Dim::groups];
  p.outputs = d[Dim::cout] / p.groups * (transposed ? kernel : 1);
  p.inputs = d[Dim::cin] / p.groups * (transposed ? 1 : kernel);
  p.vectors =
      d[Dim::batch] * (transposed ? in : outputDepth(op) * outputHeight(op) * outputWidth(op));
  return p;
}

void combineCost(Costing& c) {
  const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
  const std::int64_t full = c.op.dims[Dim::inputs], small = c.op.dims[Dim::smallInputs];
  if ((small > 0) != (c.op.dims[Dim::smallValues] > 0))
    throw InputError("'" + c.op.name + "' has " + std::to_string(small) + " smaller inputs with " +
                         std::to_string(c.op.dims[Dim::smallValues]) + " values",
                     "both small_inputs and small_values, or neither");
  if (full + small < 2)
    throw InputError("'" + c.op.name + "' combines one input", "at least two inputs");
  c.stream(values * Exact(full), values, 1);
  if (c.op.hasWeights && small > 0)
    c.vectors(c.dim(Dim::smallValues));
  else
    c.cost.input += c.activations(c.dim(Dim::smallValues));
  c.cost.elementOps = values * Exact(full + small - 1);
}

void gatedRecurrence(Costing& c, std::int64_t gates, std::int64_t operations) {
  if (c.op.dims[Dim::directions] > 2)
    throw InputError(
        "'" + c.op.name + "' runs in " + std::to_string(c.op.dims[Dim::directions]) + " directions",
        "1 or 2");
  const Exact hidden = c.dim(Dim::N) * c.dim(Dim::directions);
  const Exact outputs = hidden * Exact(gates), inputs = c.dim(Dim::K) + c.dim(Dim::N);
  const Exact runs = c.dim(Dim::M) * c.dim(Dim::steps);
  c.cost.macs = runs * outputs * inputs;
  c.cost.elementOps = runs * hidden * Exact(operations + (c.op.hasBias ? 2 * gates : 0));
  c.cost.input = c.activations(runs * c.dim(Dim::K));
  c.cost.output = c.activations(runs * hidden);
  c.weights(outputs, inputs, outputs * Exact(2));  // a bias each for inputs and hidden values
}

}  // namespace wattlas
