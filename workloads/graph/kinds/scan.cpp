#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::scan>() {
  using enum Dim;
  return {.opClass = OpClass::recurrent,
          .doc =
              "State space of M sequences: N channels with K states each, `steps` that depend on "
              "each other",
          .dims = {M, N, K, steps},
          .weights = KindSpec::Weights::optional,
          .cost = [](Costing& c) {
            const Exact channels = c.dim(Dim::M) * c.dim(Dim::steps) * c.dim(Dim::N),
                        states = c.dim(Dim::K);
            // decay x state, input x step, output: 3 products; an exponential for each decay
            c.cost.macs = channels * states * Exact(3);
            c.cost.elementOps = channels * (states + Exact(3));
            // u, step width and output of each channel; B and C of each step
            c.cost.input = c.activations(channels * Exact(2) +
                                         c.dim(Dim::M) * c.dim(Dim::steps) * states * Exact(2));
            c.cost.output = c.activations(channels);
            c.cost.kvRead = c.cost.kvWrite =
                (c.dim(Dim::M) * c.dim(Dim::N) * states * Exact(32)).bits();
            if (c.op.hasWeights) c.vectors(c.dim(Dim::N) * (states + Exact(1)));
          }};
}

}  // namespace wattlas
