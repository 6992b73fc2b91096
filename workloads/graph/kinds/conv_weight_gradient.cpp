#include "workloads/graph/costing.h"

namespace wattlas {
namespace {

void gradientCost(Costing& c) {
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
KindSpec describe<OpKind::convGradient>() {
  using enum Dim;
  return {.opClass = OpClass::product,
          .doc = "Gradient of the weights of the convolution with these dimensions",
          .dims = {batch,         cin,         cout,         depth,       height,
                   width,         kernelDepth, kernelHeight, kernelWidth, stride,
                   strideHeight,  strideDepth, pad,          padEnd,      padHeight,
                   padEndHeight,  padDepth,    padEndDepth,  dilation,    dilationHeight,
                   dilationDepth, groups},
          .batched = Dim::batch,
          .cost = gradientCost,
          .product = [](const Operator& op) {
            const ProductDims p = convolutionProduct(op);
            return ProductDims{p.inputs, p.vectors, p.outputs, p.groups};
          }};
}

}  // namespace wattlas
