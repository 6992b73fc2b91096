#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::transpose>() {
  using enum Dim;
  return {.opClass = OpClass::gather,
          .doc = "M rows of N values, in another order of axes",
          .dims = {M, N},
          .cost =
              [](Costing& c) {
                const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
                c.stream(values, values, 0);
              },
          .derive = [](Derivative& d) { d.pass(OpKind::transpose); }};
}

}  // namespace wattlas
