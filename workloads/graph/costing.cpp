#include "workloads/graph/costing.h"

namespace wattlas {
namespace {

/// Bits of a bias or of a norm's gain: activation format when that is a float, else as wide as the
/// accumulator they are added to.
std::int64_t vectorBits(const TensorFormats& formats) {
  return formats.activation.isFloat() ? formats.activation.bits : formats.accumulator.bits;
}

}  // namespace

void Costing::weights(Exact values, Exact outputs) {
  if (!op.hasWeights) return;
  Exact parameters = values;
  cost.weights = storedBits(values, op.formats.weight, op.weightSparsity);
  if (op.hasBias || op.foldedNorm) {
    parameters += outputs * Exact(op.foldedNorm ? 2 : 1);
    cost.weights += (outputs * Exact(vectorBits(op.formats))).bits();
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
  c.weights(filter * cout, cout);
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

namespace {

/// Each window axis of `from` that `to` has, with other zeros at the end.
void copyWindow(const Operator& from, Operator& to, bool remainder) {
  using enum Dim;
  to.dims = from.dims;
  to.dims[outputPad] = 0;
  const auto axis = [&](Axis a, Dim pad, Dim end) {
    const WindowAxis w = windowAxis(from, a);
    const std::int64_t covered = w.length + w.begin + w.end - (w.kernel - 1) * w.dilation - 1;
    to.dims[pad] = w.begin;
    to.dims[end] = w.end - w.begin - (remainder ? covered % w.stride : 0);
  };
  axis(Axis::width, pad, padEnd);
  axis(Axis::height, padHeight, padEndHeight);
  axis(Axis::depth, padDepth, padEndDepth);
}

}  // namespace

void convolutionDerivative(Derivative& d) {
  using enum Dim;
  const Operator& op = d.op;
  const bool transposed = op.kind == OpKind::convTranspose;
  const OpKind direct = op.dims[depth] > 1 || op.dims[kernelDepth] > 1     ? OpKind::conv3d
                        : op.dims[height] > 1 || op.dims[kernelHeight] > 1 ? OpKind::conv2d
                                                                           : OpKind::conv1d;
  // The transpose takes every output back to the inputs that it was made of.
  Operator dx = d.make(".dx", transposed ? direct : OpKind::convTranspose);
  copyWindow(op, dx, !transposed);
  dx.dims[cin] = op.dims[cout];
  dx.dims[cout] = op.dims[cin];
  dx.dims[width] = outputWidth(op);
  dx.dims[height] = outputHeight(op);
  dx.dims[depth] = outputDepth(op);
  dx.hasWeights = true;
  dx.weightSparsity = op.weightSparsity;
  // Either way inputs of a window meet the values that it belongs to.
  Operator dw = d.make(".dw", OpKind::convGradient);
  if (transposed)
    dw.dims = dx.dims;
  else
    copyWindow(op, dw, false);
  const Exact rows = Exact(op.dims[batch]) * outputDepth(op) * outputHeight(op) * outputWidth(op);
  if (op.hasBias) d.bias.push_back(d.sum(".db", op.dims[cout], rows));
  d.data.push_back(std::move(dx));
  d.weight.push_back(std::move(dw));
  d.inputForWeight = true;
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

void combineDerivative(Derivative& d) {
  const Operator& op = d.op;
  const Exact values = Exact(op.dims[Dim::M]) * op.dims[Dim::N];
  const std::int64_t small = op.dims[Dim::smallInputs];
  const bool factors = op.kind == OpKind::multiply || op.variant == OpVariant::divide ||
                       op.variant == OpVariant::minimum || op.variant == OpVariant::maximum ||
                       op.variant == OpVariant::select;
  const std::int64_t inputs = op.dims[Dim::inputs] + small;
  // The gradient of a sum is that of each summand; of a factor it is the product with the others.
  for (std::int64_t i = 0; factors && i < op.dims[Dim::inputs]; ++i) {
    d.pass(OpKind::multiply).name += std::to_string(i);
    d.data.back().dims[Dim::inputs] = inputs;
  }
  d.inputForData = factors;
  if (small == 0) return;
  std::vector<Operator>& target = op.hasWeights ? d.weight : d.data;
  if (factors) {
    target.push_back(d.make(".dsmall", OpKind::multiply));
    target.back().dims[Dim::inputs] = inputs;
    d.inputForWeight = op.hasWeights;
  }
  const std::int64_t kept = op.dims[Dim::smallValues];
  target.push_back(d.sum(".dw", kept, Exact(values * small / kept)));
}

void tableDerivative(Derivative& d) {
  Operator rows = d.make(".dw", OpKind::scatter);
  rows.variant = OpVariant::sum;
  rows.dims[Dim::M] = Exact(d.op.dims[Dim::M]) * d.op.dims[Dim::lookups];
  rows.dims[Dim::K] = d.op.dims[Dim::K];
  d.weight.push_back(std::move(rows));
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
  c.weights(outputs * inputs, outputs * Exact(2));  // a bias each for inputs and hidden values
}

}  // namespace wattlas
