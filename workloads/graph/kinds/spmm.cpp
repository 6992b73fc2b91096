#include <cmath>

#include "workloads/graph/costing.h"

namespace wattlas {
namespace {

void spmmCost(Costing& c) {
  const Sparsity& s = c.op.weightSparsity;
  const double share = s.pattern == Sparsity::Pattern::none ? 1.0 : s.density;
  const Exact batch = c.dim(Dim::batch), m = c.dim(Dim::M), k = c.dim(Dim::K), n = c.dim(Dim::N);
  const Exact nonZeros(std::llround(static_cast<double>(std::int64_t(m * k)) * share));
  c.cost.macs = batch * nonZeros * n;
  // values, their columns, and where each row begins; then the dense operand
  c.cost.input =
      c.activations(batch * (nonZeros + k * n)) + c.indices(batch * (nonZeros + m + Exact(1)));
  c.cost.output = c.activations(batch * m * n);
}

}  // namespace

template <>
KindSpec describe<OpKind::spmm>() {
  using enum Dim;
  return {
      .opClass = OpClass::product,
      .doc = "C[M,N] = A[M,K] x B[K,N], A sparse (graphs, pruned activations), in compressed rows",
      .dims = {M, N, K, batch},
      .keys = KindSpec::sparsity,
      .batched = Dim::batch,
      .cost = spmmCost};
}

}  // namespace wattlas
