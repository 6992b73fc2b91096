#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::multiply>() {
  using enum Dim;
  return {.opClass = OpClass::elementwise,
          .doc = "Product of `inputs` of M rows of N, and of smaller ones that are broadcast",
          .dims = {M, N, inputs, smallInputs, smallValues},
          .weights = KindSpec::Weights::optional,
          .cost = combineCost,
          .derive = combineDerivative};
}

}  // namespace wattlas
