#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::scatter>() {
  using enum Dim;
  return {.opClass = OpClass::gather,
          .doc = "M rows of N into K rows, by index",
          .dims = {M, N, K},
          .cost = [](Costing& c) {
            const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
            c.stream(values, values, 0);
            c.cost.input += c.indices(c.dim(Dim::M));
          }};
}

}  // namespace wattlas
