#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::elementwise>() {
  using enum Dim;
  return {.opClass = OpClass::elementwise,
          .doc = "Any other function of several values at one place",
          .dims = {M, N, inputs, smallInputs, smallValues},
          .variants = {OpVariant::subtract, OpVariant::divide, OpVariant::minimum,
                       OpVariant::maximum, OpVariant::power, OpVariant::compare, OpVariant::select},
          .weights = KindSpec::Weights::optional,
          .cost = combineCost,
          .derive = [](Derivative& d) {
            d.none = d.op.variant == OpVariant::power || d.op.variant == OpVariant::compare;
            combineDerivative(d);
          }};
}

}  // namespace wattlas
