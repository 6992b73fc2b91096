#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::conv2d>() {
  using enum Dim;
  return {.opClass = OpClass::product,
          .doc = "Convolution of an image",
          .dims = {batch, cin, cout, height, width, kernelHeight, kernelWidth, stride, strideHeight,
                   pad, padEnd, padHeight, padEndHeight, dilation, dilationHeight, groups},
          .weights = KindSpec::Weights::always,
          .keys = KindSpec::bias | KindSpec::sparsity,
          .batched = Dim::batch,
          .cost = convolutionCost,
          .product = convolutionProduct,
          .derive = convolutionDerivative};
}

}  // namespace wattlas
