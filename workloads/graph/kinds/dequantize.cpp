#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::dequantize>() {
  using enum Dim;
  return {.opClass = OpClass::elementwise,
          .doc = "M rows of N from the activation format to the accumulator format",
          .dims = {M, N},
          .cost =
              [](Costing& c) {
                const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
                // offset, scale
                c.stream(values, values, 2);
                c.cost.output = c.accumulators(values);
              },
          .derive =
              [](Derivative& d) { d.pass(OpKind::activationGradient).variant = OpVariant::clip; }};
}

}  // namespace wattlas
