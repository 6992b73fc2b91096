#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::concat>() {
  using enum Dim;
  return {.opClass = OpClass::gather,
          .doc = "Tensors laid one behind the other: M rows of N in all",
          .dims = {M, N},
          .cost =
              [](Costing& c) {
                const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
                c.stream(values, values, 0);
              },
          .derive = [](Derivative& d) { d.pass(OpKind::split); }};
}

}  // namespace wattlas
