// Norms and their gradients.
#include "workloads/graph/costing.h"

namespace wattlas {

namespace {

void normCost(Costing& c) {
  const Operator& op = c.op;
  const bool byChannel = op.variant == OpVariant::group || op.variant == OpVariant::instance;
  const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
  // rms: square, sum, scale, gain; batch: scale, shift;
  // others: sum, subtract mean, square, sum, scale, gain, offset
  c.stream(values, values,
           op.variant == OpVariant::rms     ? 4
           : op.variant == OpVariant::batch ? 2
                                            : 7);
  if (byChannel &&
      (op.dims[Dim::N] % op.dims[Dim::cin] != 0 || op.dims[Dim::cin] % op.dims[Dim::groups] != 0))
    throw InputError("norm '" + op.name + "': " + std::to_string(op.dims[Dim::groups]) +
                         " groups of " + std::to_string(op.dims[Dim::cin]) + " channels in " +
                         std::to_string(op.dims[Dim::N]) + " values",
                     "N a multiple of cin, and cin of groups");
  if (op.hasWeights)
    c.vectors(c.dim(byChannel ? Dim::cin : Dim::N) * Exact(op.variant == OpVariant::rms ? 1 : 2));
}

}  // namespace

template <>
KindSpec describe<OpKind::norm>() {
  using enum Dim;
  return {
      .opClass = OpClass::reduction,
      .doc =
          "M rows of N; group and instance norms: M images, N = channels x places, `cin` channels",
      .dims = {M, N, cin, groups},
      .variants = {OpVariant::rms, OpVariant::layer, OpVariant::batch, OpVariant::group,
                   OpVariant::instance},
      .weights = KindSpec::Weights::optional,
      .cost = normCost,
      .derive = [](Derivative& d) {
        // From sums over rows; those of a batch norm are sums over channels, as for its weights.
        Operator& g = d.pass(OpKind::normGradient);
        g.variant = d.op.variant;
        g.hasWeights = d.op.hasWeights;
        for (const Dim dim : {cin, groups}) g.dims[dim] = d.op.dims[dim];
        d.inputForData = d.inputForWeight = true;
        const bool byChannel =
            d.op.variant == OpVariant::group || d.op.variant == OpVariant::instance;
        const std::int64_t channels = d.op.dims[byChannel ? cin : N];
        const Exact values = Exact(d.op.dims[M]) * d.op.dims[N];
        if (d.op.hasWeights || d.op.variant == OpVariant::batch)
          (d.op.hasWeights ? d.weight : d.data)
              .push_back(d.sum(".dw", channels, Exact(values * 2 / channels)));
      }};
}

template <>
KindSpec describe<OpKind::normGradient>() {
  return {.opClass = OpClass::reduction,
          .doc = "Gradient of the input of a norm with these dimensions",
          .dims = describe<OpKind::norm>().dims,
          .variants = describe<OpKind::norm>().variants,
          .weights = KindSpec::Weights::optional,
          .cost = [](Costing& c) {
            // two sums of products over a row, then scale and subtract
            const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
            c.stream(values * 2, values, c.op.variant == OpVariant::batch ? 4 : 8);
          }};
}

}  // namespace wattlas
