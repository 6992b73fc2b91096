#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::gather>() {
  using enum Dim;
  return {.opClass = OpClass::gather,
          .doc = "M rows of N out of K rows, by index",
          .dims = {M, N, K},
          .cost =
              [](Costing& c) {
                const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
                c.stream(values, values, 0);
                c.cost.input += c.indices(c.dim(Dim::M));
              },
          .derive =
              [](Derivative& d) {
                Operator& g = d.pass(OpKind::scatter);
                g.variant = OpVariant::sum;
                g.dims[Dim::K] = d.op.dims[Dim::K];
              }};
}

}  // namespace wattlas
