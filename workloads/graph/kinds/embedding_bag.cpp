#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::embeddingBag>() {
  using enum Dim;
  return {.opClass = OpClass::gather,
          .doc = "M sums of `lookups` rows of N each, out of a trained table of K rows",
          .dims = {M, N, K, lookups},
          .weights = KindSpec::Weights::always,
          .cost = [](Costing& c) {
            const Exact rows = c.dim(Dim::M) * c.dim(Dim::lookups), width = c.dim(Dim::N);
            c.weights(c.dim(Dim::K), width, Exact(0));
            const Exact read = std::min<std::int64_t>(rows, c.op.dims[Dim::K]);
            c.cost.weightRead = c.tableRows(read, width);
            c.cost.input = c.indices(rows);
            c.cost.output = c.activations(c.dim(Dim::M) * width);
            c.cost.elementOps = c.dim(Dim::M) * width * Exact(c.op.dims[Dim::lookups] - 1);
          }};
}

}  // namespace wattlas
