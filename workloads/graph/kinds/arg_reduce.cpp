#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::argReduce>() {
  using enum Dim;
  return {.opClass = OpClass::reduction,
          .doc = "Place of the largest or smallest value of M rows of N",
          .dims = {M, N},
          .variants = {OpVariant::maximum, OpVariant::minimum},
          .cost = [](Costing& c) {
            c.stream(c.dim(Dim::M) * c.dim(Dim::N), c.dim(Dim::M), c.op.dims[Dim::N]);
            c.cost.output = c.indices(c.dim(Dim::M));
          }};
}

}  // namespace wattlas
