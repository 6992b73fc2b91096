#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::activationGradient>() {
  using enum Dim;
  return {.opClass = OpClass::elementwise,
          .doc = "Gradient of the input of an activation; gated ones write 2N",
          .dims = {M, N},
          .variants = describe<OpKind::activation>().variants,
          .cost = [](Costing& c) {
            const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
            const Exact inputs = values * (isGated(c.op.variant) ? 2 : 1);
            c.stream(inputs + values, inputs, operationsOf(c.op.variant) + 1);
            if (c.op.variant == OpVariant::dropout)
              c.cost.input = c.activations(values) + (values * 8).bits();
          }};
}

}  // namespace wattlas
