// Kinds that move values and compute nothing.
#include "workloads/graph/costing.h"

namespace wattlas {
namespace {

void gatherCost(Costing& c) {
  c.rows(0);
  c.cost.input += c.indices(c.dim(Dim::M));
}

/// Gradients go back the other way; with `swapped` between rows of N and of K.
template <OpKind back, bool swapped = false>
void moveBack(Derivative& d) {
  Operator& g = d.pass(back);
  g.dims[Dim::K] = d.op.dims[swapped ? Dim::N : Dim::K];
  if (swapped) g.dims[Dim::N] = d.op.dims[Dim::K];
}

KindSpec move(
    const char* doc, std::vector<Dim> dims, void (*derive)(Derivative&),
    void (*cost)(Costing&) = [](Costing& c) { c.rows(0); }) {
  return {.opClass = OpClass::gather,
          .doc = doc,
          .dims = std::move(dims),
          .cost = cost,
          .derive = derive};
}

}  // namespace

template <>
KindSpec describe<OpKind::concat>() {
  return move("Tensors laid one behind the other: M rows of N in all", {Dim::M, Dim::N},
              moveBack<OpKind::split>);
}

template <>
KindSpec describe<OpKind::split>() {
  return move("One tensor cut into several: M rows of N in all", {Dim::M, Dim::N},
              moveBack<OpKind::concat>);
}

template <>
KindSpec describe<OpKind::transpose>() {
  return move("M rows of N values, in another order of axes", {Dim::M, Dim::N},
              moveBack<OpKind::transpose>);
}

template <>
KindSpec describe<OpKind::reshape>() {
  return move(
      "M rows of N under other extents: nothing moves", {Dim::M, Dim::N}, [](Derivative&) {},
      [](Costing&) {});
}

template <>
KindSpec describe<OpKind::slice>() {
  return move("A part of M rows of N each, out of rows of K", {Dim::M, Dim::N, Dim::K},
              moveBack<OpKind::padding, true>);
}

template <>
KindSpec describe<OpKind::padding>() {
  return move("M rows of K values become rows of N with zeros around them",
              {Dim::M, Dim::N, Dim::K}, moveBack<OpKind::slice, true>, [](Costing& c) {
                c.stream(c.dim(Dim::M) * c.dim(Dim::K), c.dim(Dim::M) * c.dim(Dim::N), 0);
              });
}

template <>
KindSpec describe<OpKind::gather>() {
  return move(
      "M rows of N out of K rows, by index", {Dim::M, Dim::N, Dim::K},
      [](Derivative& d) {
        moveBack<OpKind::scatter>(d);
        d.data.back().variant = OpVariant::sum;
      },
      gatherCost);
}

template <>
KindSpec describe<OpKind::scatter>() {
  KindSpec spec = move("M rows of N into K rows, by index; sum: added up, from zeros",
                       {Dim::M, Dim::N, Dim::K}, moveBack<OpKind::gather>, [](Costing& c) {
                         gatherCost(c);
                         if (c.op.variant == OpVariant::none) return;
                         const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
                         c.cost.input += c.activations(values);
                         c.cost.output += c.activations(c.dim(Dim::K) * c.dim(Dim::N));
                         c.cost.elementOps = values;
                       });
  spec.variants = {OpVariant::none, OpVariant::sum};
  return spec;
}

template <>
KindSpec describe<OpKind::upsample>() {
  using enum Dim;
  return {.opClass = OpClass::gather,
          .doc = "More places of an image: repeated, or between neighbours (linear)",
          .dims = {batch, cin, depth, height, width, outDepth, outHeight, outWidth},
          .variants = {OpVariant::none, OpVariant::linear},
          .batched = Dim::batch,
          .cost =
              [](Costing& c) {
                const Exact maps = c.dim(Dim::batch) * c.dim(Dim::cin);
                // linear along two axes: 4 products and 3 sums
                c.stream(maps * c.dim(Dim::depth) * c.dim(Dim::height) * c.dim(Dim::width),
                         maps * c.dim(Dim::outDepth) * c.dim(Dim::outHeight) * c.dim(Dim::outWidth),
                         c.op.variant == OpVariant::linear ? 7 : 0);
              },
          .derive =
              [](Derivative& d) {
                Operator& g = d.pass(OpKind::pool);  // each place sums those it became
                g.variant = OpVariant::adaptive;
                g.dims = d.op.dims;
                for (const auto& [in, out] :
                     {std::pair{depth, outDepth}, {height, outHeight}, {width, outWidth}})
                  std::swap(g.dims[in], g.dims[out]);
              }};
}

}  // namespace wattlas
