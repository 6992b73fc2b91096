#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::quantize>() {
  using enum Dim;
  return {.opClass = OpClass::elementwise,
          .doc = "M rows of N from the accumulator format to the activation format",
          .dims = {M, N},
          .cost =
              [](Costing& c) {
                const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
                // scale, round, saturate
                c.stream(values, values, 3);
                c.cost.input = c.accumulators(values);
              },
          .derive =
              [](Derivative& d) {
                // straight through, except where values are cut off
                d.pass(OpKind::activationGradient).variant = OpVariant::clip;
                d.inputForData = true;
              }};
}

}  // namespace wattlas
