#include "workloads/graph/costing.h"

namespace wattlas {
namespace {

/// Values of the weight, gradient and optimizer formats that a step reads and writes, and those
/// that stay between steps. Weights that are narrower than the optimizer's format have a master
/// copy.
void stepCost(Costing& c) {
  const TensorFormats& f = c.op.formats;
  const Exact values = c.dim(Dim::M);
  const std::int64_t states = c.op.variant == OpVariant::adam       ? 2
                              : c.op.variant == OpVariant::momentum ? 1
                                                                    : 0;
  const bool master = f.weight.name != f.optimizer.name;
  const std::int64_t kept = (states + (master ? 1 : 0)) * f.optimizer.bits;
  c.cost.weights = (values * (kept + f.gradient.bits)).bits();
  c.cost.input = (values * (kept + f.gradient.bits + (master ? 0 : f.weight.bits))).bits();
  c.cost.output = (values * (kept + f.weight.bits)).bits();
  c.cost.elementOps = values * (states == 2 ? 12 : states == 1 ? 4 : 2);
}

}  // namespace

template <>
KindSpec describe<OpKind::optimizerStep>() {
  using enum Dim;
  return {.opClass = OpClass::elementwise,
          .doc = "Update of M weights from their gradients, with the optimizer's state",
          .dims = {M},
          .variants = {OpVariant::descent, OpVariant::momentum, OpVariant::adam},
          .cost = stepCost};
}

}  // namespace wattlas
