#include <bit>

#include "workloads/graph/costing.h"

namespace wattlas {
namespace {

void topKCost(Costing& c) {
  const std::int64_t kept = c.op.dims[Dim::K];
  if (kept > c.op.dims[Dim::N])
    throw InputError("top_k '" + c.op.name + "' keeps " + std::to_string(kept) + " of " +
                         std::to_string(c.op.dims[Dim::N]) + " values",
                     "K of at most N");
  // A heap of the best so far: each value costs the comparisons of its depth.
  const auto deep = static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(kept)));
  const Exact rows = c.dim(Dim::M);
  c.cost.input = c.activations(rows * c.dim(Dim::N));
  c.cost.output = c.activations(rows * Exact(kept)) + c.indices(rows * Exact(kept));
  c.cost.elementOps = rows * c.dim(Dim::N) * Exact(deep);
}

}  // namespace

template <>
KindSpec describe<OpKind::topK>() {
  using enum Dim;
  return {.opClass = OpClass::reduction,
          .doc = "The K largest values of M rows of N, and their places",
          .dims = {M, N, K},
          .cost = topKCost};
}

}  // namespace wattlas
