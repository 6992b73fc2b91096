#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::attentionGradient>() {
  using enum Dim;
  return {.opClass = OpClass::product,
          .doc = "Gradients of queries, keys and values: two products for each of the forward pass",
          .dims = {batch, heads, kvHeads, headDim, valueDim, queries, keys, newKeys, scoreOps,
                   latent, dropout},
          .keys = KindSpec::attention,
          .batched = Dim::batch,
          .cost = [](Costing& c) {
            Operator forward = c.op;
            forward.kind = OpKind::attention;
            const OpCost cost = costOf(forward);
            c.cost.macs = Exact(cost.macs) * 2;
            // the weights of the scores again, then their gradients
            c.cost.elementOps = Exact(cost.elementOps) * 2;
            c.cost.input = cost.input + cost.output * 2.0;
            c.cost.output = cost.input;
          }};
}

}  // namespace wattlas
