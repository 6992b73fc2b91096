#include "workloads/graph/costing.h"

namespace wattlas {
namespace {

void gemmCost(Costing& c) {
  const Exact rows = c.dim(Dim::M) * c.dim(Dim::batch), n = c.dim(Dim::N), k = c.dim(Dim::K);
  c.cost.macs = rows * n * k;
  c.cost.input = c.activations(rows * k);
  if (!c.op.hasWeights) c.cost.input += c.activations(c.dim(Dim::batch) * k * n);
  c.cost.output = c.activations(rows * n);
  c.weights(n, k, n);
  if (c.op.hasBias || c.op.foldedNorm) c.cost.elementOps = rows * n;
}

ProductDims gemmProduct(const Operator& op) {
  const Dims& d = op.dims;
  // Trained weights serve the whole batch: one tall product.
  const std::int64_t batch = d[Dim::batch];
  return {d[Dim::N], d[Dim::K], d[Dim::M] * (op.hasWeights ? batch : 1), op.hasWeights ? 1 : batch};
}

}  // namespace

template <>
KindSpec describe<OpKind::gemm>() {
  using enum Dim;
  return {
      .opClass = OpClass::product,
      .doc = "C[M,N] = A[M,K] x W[K,N]; without weights one product for each of `batch`",
      .dims = {M, N, K, batch},
      .weights = KindSpec::Weights::optional,
      .keys = KindSpec::bias | KindSpec::sparsity,
      .cost = gemmCost,
      .product = gemmProduct,
      .derive = [](Derivative& d) {
        const Operator& op = d.op;
        const auto product = [&](const char* name, Exact m, Exact n, Exact k) {
          Operator g = d.make(name, OpKind::gemm);
          g.dims[M] = m;
          g.dims[N] = n;
          g.dims[K] = k;
          g.dims[batch] = op.hasWeights ? 1 : op.dims[batch];
          return g;
        };
        const Exact rows = Exact(op.dims[M]) * (op.hasWeights ? op.dims[batch] : 1);
        d.data = {product(".dx", rows, op.dims[K], op.dims[N])};
        d.data.front().hasWeights = op.hasWeights;
        if (op.hasWeights) d.data.front().weightSparsity = op.weightSparsity;
        (op.hasWeights ? d.weight : d.data).push_back(product(".dw", op.dims[N], op.dims[K], rows));
        (op.hasWeights ? d.inputForWeight : d.inputForData) = true;
        if (op.hasBias) d.bias = {d.sum(".db", op.dims[N], rows)};
      }};
}

}  // namespace wattlas
