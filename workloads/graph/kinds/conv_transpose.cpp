#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::convTranspose>() {
  using enum Dim;
  return {.opClass = OpClass::product,
          .doc = "Transposed convolution: every input adds a scaled kernel to the output",
          .dims = {batch,         cin,         cout,         depth,       height,
                   width,         kernelDepth, kernelHeight, kernelWidth, stride,
                   strideHeight,  strideDepth, pad,          padEnd,      padHeight,
                   padEndHeight,  padDepth,    padEndDepth,  dilation,    dilationHeight,
                   dilationDepth, outputPad,   groups},
          .weights = KindSpec::Weights::always,
          .keys = KindSpec::bias | KindSpec::sparsity,
          .batched = Dim::batch,
          .cost = convolutionCost,
          .product = convolutionProduct,
          .derive = convolutionDerivative};
}

}  // namespace wattlas
