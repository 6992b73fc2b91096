#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::scatter>() {
  using enum Dim;
  return {.opClass = OpClass::gather,
          .doc = "M rows of N into K rows, by index; sum: added up, from zeros",
          .dims = {M, N, K},
          .variants = {OpVariant::none, OpVariant::sum},
          .cost =
              [](Costing& c) {
                const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
                c.stream(c.op.variant == OpVariant::sum ? values + values : values, values,
                         c.op.variant == OpVariant::sum ? 1 : 0);
                c.cost.input += c.indices(c.dim(Dim::M));
                if (c.op.variant == OpVariant::sum)
                  c.cost.output += c.activations(c.dim(Dim::K) * c.dim(Dim::N));
              },
          .derive = [](Derivative& d) { d.pass(OpKind::gather).dims[Dim::K] = d.op.dims[Dim::K]; }};
}

}  // namespace wattlas
