#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::lstm>() {
  using enum Dim;
  return {
      .opClass = OpClass::recurrent,
      .doc = "LSTM of M sequences: K inputs, N hidden values, `steps` that depend on each other",
      .dims = {M, N, K, steps, directions},
      .weights = KindSpec::Weights::always,
      .keys = KindSpec::bias | KindSpec::sparsity,
      .cost = [](Costing& c) { gatedRecurrence(c, 4, 25); }};
}

}  // namespace wattlas
