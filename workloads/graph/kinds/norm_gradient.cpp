#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::normGradient>() {
  using enum Dim;
  return {.opClass = OpClass::reduction,
          .doc = "Gradient of the input of a norm with these dimensions",
          .dims = {M, N, cin, groups},
          .variants = {OpVariant::rms, OpVariant::layer, OpVariant::batch, OpVariant::group,
                       OpVariant::instance},
          .weights = KindSpec::Weights::optional,
          .cost = [](Costing& c) {
            // two sums of products over a row, then scale and subtract
            const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
            c.stream(values * 2, values, c.op.variant == OpVariant::batch ? 4 : 8);
          }};
}

}  // namespace wattlas
