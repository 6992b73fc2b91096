#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::padding>() {
  using enum Dim;
  return {.opClass = OpClass::gather,
          .doc = "M rows of K values become rows of N with zeros around them",
          .dims = {M, N, K},
          .cost =
              [](Costing& c) {
                c.stream(c.dim(Dim::M) * c.dim(Dim::K), c.dim(Dim::M) * c.dim(Dim::N), 0);
              },
          .derive =
              [](Derivative& d) {
                Operator& g = d.pass(OpKind::slice);
                g.dims[Dim::N] = d.op.dims[Dim::K];
                g.dims[Dim::K] = d.op.dims[Dim::N];
              }};
}

}  // namespace wattlas
