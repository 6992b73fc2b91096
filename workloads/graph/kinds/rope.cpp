#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::rope>() {
  using enum Dim;
  return {.opClass = OpClass::elementwise,
          .doc = "M rows of N = (heads + kv_heads) x rotated width, turned by their position",
          .dims = {M, N},
          .cost =
              [](Costing& c) {
                // a rotation: 4 products and 2 sums for each pair
                const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
                c.stream(values, values, 3);
              },
          .derive = [](Derivative& d) { d.pass(OpKind::rope); }};
}

}  // namespace wattlas
