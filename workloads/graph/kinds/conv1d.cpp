#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::conv1d>() {
  using enum Dim;
  return {.opClass = OpClass::product,
          .doc = "Convolution of a signal",
          .dims = {batch, cin, cout, width, kernelWidth, stride, pad, padEnd, dilation, groups},
          .weights = KindSpec::Weights::always,
          .keys = KindSpec::bias | KindSpec::sparsity,
          .batched = Dim::batch,
          .cost = convolutionCost,
          .product = convolutionProduct,
          .derive = convolutionDerivative};
}

}  // namespace wattlas
