// Rows to one value, or to an order.
#include <bit>

#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::reduce>() {
  using enum Dim;
  return {.opClass = OpClass::reduction,
          .doc = "M rows of N to one value each",
          .dims = {M, N},
          .variants = {OpVariant::sum, OpVariant::mean, OpVariant::maximum, OpVariant::minimum,
                       OpVariant::product, OpVariant::l2},
          .cost =
              [](Costing& c) {
                c.stream(c.dim(Dim::M) * c.dim(Dim::N), c.dim(Dim::M), c.op.dims[Dim::N]);
              },
          .derive =
              [](Derivative& d) {
                d.none = d.op.variant != OpVariant::sum && d.op.variant != OpVariant::mean;
                Operator& g = d.pass(OpKind::upsample);  // each sum to all of its summands
                g.dims[cin] = d.op.dims[M];
                g.dims[outWidth] = d.op.dims[N];
              }};
}

template <>
KindSpec describe<OpKind::argReduce>() {
  using enum Dim;
  return {.opClass = OpClass::reduction,
          .doc = "Place of the largest or smallest value of M rows of N",
          .dims = {M, N},
          .variants = {OpVariant::maximum, OpVariant::minimum},
          .cost = [](Costing& c) {
            c.stream(c.dim(Dim::M) * c.dim(Dim::N), c.dim(Dim::M), c.op.dims[Dim::N]);
            c.cost.output = c.indices(c.dim(Dim::M));
          }};
}

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

template <>
KindSpec describe<OpKind::softmax>() {
  using enum Dim;
  return {.opClass = OpClass::reduction,
          .doc = "M rows of N",
          .dims = {M, N},
          .cost =
              [](Costing& c) {
                // maximum, subtract, exponential, sum, scale
                c.rows(5);
              },
          .derive =
              [](Derivative& d) {
                d.pass(OpKind::softmaxGradient);
                d.outputForData = true;
              }};
}

template <>
KindSpec describe<OpKind::softmaxGradient>() {
  using enum Dim;
  return {.opClass = OpClass::reduction,
          .doc = "Gradient of the input of a softmax of M rows of N",
          .dims = {M, N},
          .cost = [](Costing& c) {
            // product, sum, subtract, product
            const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
            c.stream(values * 2, values, 4);
          }};
}

}  // namespace wattlas
