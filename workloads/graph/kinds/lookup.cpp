#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::lookup>() {
  using enum Dim;
  return {
      .opClass = OpClass::gather,
      .doc = "M rows of N sums of `lookups` codes, each through a table of K entries of its own",
      .dims = {M, N, K, lookups},
      .weights = KindSpec::Weights::optional,
      .cost = [](Costing& c) {
        const Exact outputs = c.dim(Dim::M) * c.dim(Dim::N), each = c.dim(Dim::lookups);
        const Exact table = each * c.dim(Dim::K);
        c.cost.input = (outputs * each * Exact(c.op.formats.weight.bits)).bits();
        if (c.op.hasWeights)
          c.vectors(table);
        else
          c.cost.input += c.accumulators(c.dim(Dim::M) * table);
        c.cost.output = c.activations(outputs);
        c.cost.elementOps = outputs * Exact(2 * c.op.dims[Dim::lookups] - 1);
      }};
}

}  // namespace wattlas
