#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::split>() {
  using enum Dim;
  return {.opClass = OpClass::gather,
          .doc = "One tensor cut into several: M rows of N in all",
          .dims = {M, N},
          .cost =
              [](Costing& c) {
                const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
                c.stream(values, values, 0);
              },
          .derive = [](Derivative& d) { d.pass(OpKind::concat); }};
}

}  // namespace wattlas
