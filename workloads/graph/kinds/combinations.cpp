// Functions of several values at one place.
#include "workloads/graph/costing.h"

namespace wattlas {
namespace {

void combineCost(Costing& c) {
  const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
  const std::int64_t full = c.op.dims[Dim::inputs], small = c.op.dims[Dim::smallInputs];
  if ((small > 0) != (c.op.dims[Dim::smallValues] > 0))
    throw InputError("'" + c.op.name + "' has " + std::to_string(small) + " smaller inputs with " +
                         std::to_string(c.op.dims[Dim::smallValues]) + " values",
                     "both small_inputs and small_values, or neither");
  if (full + small < 2)
    throw InputError("'" + c.op.name + "' combines one input", "at least two inputs");
  c.stream(values * Exact(full), values, 1);
  if (c.op.hasWeights && small > 0)
    c.vectors(c.dim(Dim::smallValues));
  else
    c.cost.input += c.activations(c.dim(Dim::smallValues));
  c.cost.elementOps = values * Exact(full + small - 1);
}

void combineDerivative(Derivative& d) {
  const Operator& op = d.op;
  const Exact values = Exact(op.dims[Dim::M]) * op.dims[Dim::N];
  const std::int64_t small = op.dims[Dim::smallInputs];
  const bool factors = op.kind == OpKind::multiply || op.variant == OpVariant::divide ||
                       op.variant == OpVariant::minimum || op.variant == OpVariant::maximum ||
                       op.variant == OpVariant::select;
  const std::int64_t inputs = op.dims[Dim::inputs] + small;
  // The gradient of a sum is that of each summand; of a factor it is the product with the others.
  for (std::int64_t i = 0; factors && i < op.dims[Dim::inputs]; ++i) {
    d.pass(OpKind::multiply).name += std::to_string(i);
    d.data.back().dims[Dim::inputs] = inputs;
  }
  d.inputForData = factors;
  d.none = op.variant == OpVariant::power || op.variant == OpVariant::compare;
  if (small == 0) return;
  std::vector<Operator>& target = op.hasWeights ? d.weight : d.data;
  if (factors) {
    target.push_back(d.make(".dsmall", OpKind::multiply));
    target.back().dims[Dim::inputs] = inputs;
    d.inputForWeight = op.hasWeights;
  }
  const std::int64_t kept = op.dims[Dim::smallValues];
  target.push_back(d.sum(".dw", kept, Exact(values * small / kept)));
}

KindSpec combination(const char* doc) {
  using enum Dim;
  return {.opClass = OpClass::elementwise,
          .doc = doc,
          .dims = {M, N, inputs, smallInputs, smallValues},
          .weights = KindSpec::Weights::optional,
          .cost = combineCost,
          .derive = combineDerivative};
}

}  // namespace

template <>
KindSpec describe<OpKind::add>() {
  return combination("Sum of `inputs` of M rows of N, and of smaller ones that are broadcast");
}

template <>
KindSpec describe<OpKind::multiply>() {
  return combination("Product of `inputs` of M rows of N, and of smaller ones that are broadcast");
}

template <>
KindSpec describe<OpKind::elementwise>() {
  using V = OpVariant;
  KindSpec spec = combination("Any other function of several values at one place");
  spec.variants = {V::subtract, V::divide, V::minimum, V::maximum, V::power, V::compare, V::select};
  return spec;
}

}  // namespace wattlas
