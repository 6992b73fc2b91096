#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::rnn>() {
  using enum Dim;
  return {.opClass = OpClass::recurrent,
          .doc = "RNN of M sequences: K inputs, N hidden values, `steps` that depend on each other",
          .dims = {M, N, K, steps, directions},
          .weights = KindSpec::Weights::always,
          .keys = KindSpec::bias | KindSpec::sparsity,
          .cost = [](Costing& c) { gatedRecurrence(c, 1, 5); }};
}

}  // namespace wattlas
