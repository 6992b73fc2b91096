#include <bit>

#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::sort>() {
  using enum Dim;
  return {.opClass = OpClass::reduction,
          .doc = "M rows of N in order",
          .dims = {M, N},
          .cost = [](Costing& c) {
            const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
            const auto last = static_cast<std::uint64_t>(c.op.dims[Dim::N] - 1);
            c.stream(values, values, static_cast<std::int64_t>(std::bit_width(last)));
          }};
}

}  // namespace wattlas
