// Convolutions of one to three axes, their transpose, and the gradient of their weights.
#include "workloads/graph/costing.h"

namespace wattlas {
namespace {

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

KindSpec convolution(const char* doc, std::vector<Dim> further) {
  using enum Dim;
  KindSpec spec{
      .opClass = OpClass::product,
      .doc = doc,
      .dims = {batch, cin, cout, width, kernelWidth, stride, pad, padEnd, dilation, groups},
      .weights = KindSpec::Weights::always,
      .keys = KindSpec::bias | KindSpec::sparsity,
      .batched = batch,
      .cost = convolutionCost,
      .product = convolutionProduct,
      .derive = convolutionDerivative};
  for (const Dim dim : further) spec.dims.push_back(dim);
  return spec;
}

/// Dimensions of an axis beside the width.
std::vector<Dim> axes(int count) {
  using enum Dim;
  std::vector<Dim> out = {height,       kernelHeight,   strideHeight, padHeight,
                          padEndHeight, dilationHeight, depth,        kernelDepth,
                          strideDepth,  padDepth,       padEndDepth,  dilationDepth};
  out.resize(static_cast<std::size_t>(count) * 6);
  return out;
}

void weightGradientCost(Costing& c) {
  Operator forward = c.op;
  forward.hasWeights = true;
  forward.kind = OpKind::conv3d;
  Costing as{forward, {}};
  convolutionCost(as);
  c.cost.macs = as.cost.macs;
  c.cost.input = as.cost.input + as.cost.output;
  c.cost.output = c.activations(as.cost.parameters);
}

}  // namespace

template <>
KindSpec describe<OpKind::conv1d>() {
  return convolution("Convolution of a signal", {});
}

template <>
KindSpec describe<OpKind::conv2d>() {
  return convolution("Convolution of an image", axes(1));
}

template <>
KindSpec describe<OpKind::conv3d>() {
  return convolution("Convolution of a volume", axes(2));
}

template <>
KindSpec describe<OpKind::convTranspose>() {
  KindSpec spec = convolution(
      "Transposed convolution: every input adds a scaled kernel to the output", axes(2));
  spec.dims.push_back(Dim::outputPad);
  return spec;
}

template <>
KindSpec describe<OpKind::convGradient>() {
  KindSpec spec =
      convolution("Gradient of the weights of the convolution with these dimensions", axes(2));
  spec.weights = KindSpec::Weights::never;
  spec.keys = 0;
  spec.cost = weightGradientCost;
  spec.product = [](const Operator& op) {
    const ProductDims p = convolutionProduct(op);
    return ProductDims{p.inputs, p.vectors, p.outputs, p.groups};
  };
  spec.derive = nullptr;
  return spec;
}

}  // namespace wattlas
