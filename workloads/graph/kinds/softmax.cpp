#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::softmax>() {
  using enum Dim;
  return {.opClass = OpClass::reduction,
          .doc = "M rows of N",
          .dims = {M, N},
          .cost =
              [](Costing& c) {
                // maximum, subtract, exponential, sum, scale
                const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
                c.stream(values, values, 5);
              },
          .derive =
              [](Derivative& d) {
                d.pass(OpKind::softmaxGradient);
                d.outputForData = true;
              }};
}

}  // namespace wattlas
