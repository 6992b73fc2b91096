// Recurrences: their steps wait for each other.
#include "workloads/graph/costing.h"

namespace wattlas {
namespace {

void gatedRecurrence(Costing& c, std::int64_t gates, std::int64_t operations) {
  if (c.op.dims[Dim::directions] > 2)
    throw InputError(
        "'" + c.op.name + "' runs in " + std::to_string(c.op.dims[Dim::directions]) + " directions",
        "1 or 2");
  const Exact hidden = c.dim(Dim::N) * c.dim(Dim::directions);
  const Exact outputs = hidden * Exact(gates), inputs = c.dim(Dim::K) + c.dim(Dim::N);
  const Exact runs = c.dim(Dim::M) * c.dim(Dim::steps);
  c.cost.macs = runs * outputs * inputs;
  c.cost.elementOps = runs * hidden * Exact(operations + (c.op.hasBias ? 2 * gates : 0));
  c.cost.input = c.activations(runs * c.dim(Dim::K));
  c.cost.output = c.activations(runs * hidden);
  c.weights(outputs, inputs, outputs * Exact(2));  // a bias each for inputs and hidden values
}

KindSpec recurrence(const char* doc, void (*cost)(Costing&)) {
  using enum Dim;
  return {.opClass = OpClass::recurrent,
          .doc = doc,
          .dims = {M, N, K, steps, directions},
          .weights = KindSpec::Weights::always,
          .keys = KindSpec::bias | KindSpec::sparsity,
          .cost = cost};
}

}  // namespace

template <>
KindSpec describe<OpKind::lstm>() {
  return recurrence(
      "LSTM of M sequences: K inputs, N hidden values, `steps` that depend on each other",
      [](Costing& c) { gatedRecurrence(c, 4, 25); });
}

template <>
KindSpec describe<OpKind::gru>() {
  return recurrence(
      "GRU of M sequences: K inputs, N hidden values, `steps` that depend on each other",
      [](Costing& c) { gatedRecurrence(c, 3, 18); });
}

template <>
KindSpec describe<OpKind::rnn>() {
  return recurrence(
      "RNN of M sequences: K inputs, N hidden values, `steps` that depend on each other",
      [](Costing& c) { gatedRecurrence(c, 1, 5); });
}

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
