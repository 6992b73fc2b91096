#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::hamming>() {
  using enum Dim;
  return {.opClass = OpClass::product,
          .doc = "M queries against N class vectors of K bits: XOR and population count",
          .dims = {M, N, K},
          .weights = KindSpec::Weights::always,
          .cost =
              [](Costing& c) {
                const Exact m = c.dim(Dim::M), n = c.dim(Dim::N), k = c.dim(Dim::K);
                c.cost.macs = m * n * k;
                c.cost.elementOps = m * n;  // the comparison that finds the nearest class
                c.weights(n, k, Exact(0));
                c.cost.input = c.activations(m * k);
                c.cost.output = c.accumulators(m * n);
              },
          .product =
              [](const Operator& op) {
                return ProductDims{op.dims[Dim::N], op.dims[Dim::K], op.dims[Dim::M], 1};
              }};
}

}  // namespace wattlas
