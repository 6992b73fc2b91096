#include "workloads/graph/costing.h"

namespace wattlas {
namespace {

void collectiveCost(Costing& c) {
  const OpVariant variant = c.op.variant;
  const Exact values = c.dim(Dim::M) * c.dim(Dim::N);
  const std::int64_t groups = c.op.dims[Dim::groups];
  const Exact share = (values.value() + groups - 1) / groups;
  const bool reduces = variant == OpVariant::allReduce || variant == OpVariant::reduceScatter;
  if (reduces) c.cost.elementOps = share * Exact(groups - 1);
  c.cost.input = c.activations(variant == OpVariant::allGather ? share : values);
  c.cost.output = c.activations(variant == OpVariant::reduceScatter ? share : values);
}

}  // namespace

template <>
KindSpec describe<OpKind::collective>() {
  using enum Dim;
  return {.opClass = OpClass::exchange,
          .doc = "Exchange of M x N elements over `groups` devices",
          .dims = {M, N, groups},
          .variants = {OpVariant::allReduce, OpVariant::allGather, OpVariant::reduceScatter,
                       OpVariant::allToAll, OpVariant::broadcast, OpVariant::sendReceive},
          .cost = collectiveCost,
          .derive = [](Derivative& d) {
            using V = OpVariant;
            const V variant = d.op.variant;
            d.none = variant == V::broadcast;
            Operator& g = d.pass(OpKind::collective);
            g.variant = variant == V::allGather       ? V::reduceScatter
                        : variant == V::reduceScatter ? V::allGather
                                                      : variant;
            g.dims[groups] = d.op.dims[groups];
          }};
}

}  // namespace wattlas
