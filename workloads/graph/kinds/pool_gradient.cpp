#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::poolGradient>() {
  using enum Dim;
  return {.opClass = OpClass::gather,
          .doc = "Gradient of the input of the pool with these dimensions",
          .dims = describe<OpKind::pool>().dims,
          .variants = describe<OpKind::pool>().variants,
          .batched = Dim::batch,
          .cost = [](Costing& c) {
            Operator forward = c.op;
            forward.kind = OpKind::pool;
            const OpCost cost = costOf(forward);
            c.cost.input = cost.output;
            if (c.op.variant == OpVariant::maximum)
              c.cost.input += cost.output * (32.0 / c.op.formats.activation.bits);
            c.cost.output = cost.input;
            c.cost.elementOps = cost.elementOps;
          }};
}

}  // namespace wattlas
