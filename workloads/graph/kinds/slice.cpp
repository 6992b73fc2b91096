#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::slice>() {
  using enum Dim;
  return {.opClass = OpClass::gather,
          .doc = "A part of M rows of N each, out of rows of K",
          .dims = {M, N, K},
          .cost =
              [](Costing& c) {
                const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
                c.stream(values, values, 0);
              },
          .derive =
              [](Derivative& d) {
                Operator& g = d.pass(OpKind::padding);
                g.dims[Dim::N] = d.op.dims[Dim::K];
                g.dims[Dim::K] = d.op.dims[Dim::N];
              }};
}

}  // namespace wattlas
