#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::softmaxGradient>() {
  using enum Dim;
  return {.opClass = OpClass::reduction,
          .doc = "Gradient of the input of a softmax of M rows of N",
          .dims = {M, N},
          .cost = [](Costing& c) {
            // product, sum, subtract, product
            const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
            c.stream(values * 2, values, 4);
          }};
}

}  // namespace wattlas
