// Products of matrices, and what is counted like them.
#include <cmath>

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

/// M queries against N stored vectors of K values, `each` further operations for a distance.
void nearestCost(Costing& c, std::int64_t each) {
  const Exact m = c.dim(Dim::M), n = c.dim(Dim::N), k = c.dim(Dim::K);
  c.cost.macs = m * n * k;
  c.cost.elementOps = m * n * Exact(each);
  c.weights(n, k, Exact(0));
  c.cost.input = c.activations(m * k);
  c.cost.output = c.accumulators(m * n);
}

KindSpec nearest(const char* doc, void (*cost)(Costing&)) {
  return {.opClass = OpClass::product,
          .doc = doc,
          .dims = {Dim::M, Dim::N, Dim::K},
          .weights = KindSpec::Weights::always,
          .cost = cost,
          .product = [](const Operator& op) {
            return ProductDims{op.dims[Dim::N], op.dims[Dim::K], op.dims[Dim::M], 1};
          }};
}

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
KindSpec describe<OpKind::hamming>() {
  return nearest("M queries against N class vectors of K bits: XOR and population count",
                 // the comparison that finds the nearest class
                 [](Costing& c) { nearestCost(c, 1); });
}

template <>
KindSpec describe<OpKind::search>() {
  using V = OpVariant;
  KindSpec spec = nearest("Distances of M queries to N stored vectors of K values", [](Costing& c) {
    // l2: the products, and the sum of the two norms; cosine: a division by the norms
    nearestCost(c, c.op.variant == V::l2 ? 2 : c.op.variant == V::cosine ? 1 : 0);
  });
  spec.variants = {V::l2, V::dot, V::cosine};
  return spec;
}

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
