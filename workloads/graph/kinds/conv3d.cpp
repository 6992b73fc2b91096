#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::conv3d>() {
  using enum Dim;
  return {.opClass = OpClass::product,
          .doc = "Convolution of a volume",
          .dims = {batch,         cin,         cout,         depth,       height,
                   width,         kernelDepth, kernelHeight, kernelWidth, stride,
                   strideHeight,  strideDepth, pad,          padEnd,      padHeight,
                   padEndHeight,  padDepth,    padEndDepth,  dilation,    dilationHeight,
                   dilationDepth, groups},
          .weights = KindSpec::Weights::always,
          .keys = KindSpec::bias | KindSpec::sparsity,
          .batched = Dim::batch,
          .cost = convolutionCost,
          .product = convolutionProduct,
          .derive = convolutionDerivative};
}

}  // namespace wattlas
