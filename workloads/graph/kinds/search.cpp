#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::search>() {
  using enum Dim;
  return {.opClass = OpClass::product,
          .doc = "Distances of M queries to N stored vectors of K values",
          .dims = {M, N, K},
          .variants = {OpVariant::l2, OpVariant::dot, OpVariant::cosine},
          .weights = KindSpec::Weights::always,
          .cost =
              [](Costing& c) {
                const Exact m = c.dim(Dim::M), n = c.dim(Dim::N), k = c.dim(Dim::K);
                c.cost.macs = m * n * k;
                // l2: the products, and the sum of the two norms; cosine: a division by the norms
                c.cost.elementOps = m * n *
                                    Exact(c.op.variant == OpVariant::l2       ? 2
                                          : c.op.variant == OpVariant::cosine ? 1
                                                                              : 0);
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
