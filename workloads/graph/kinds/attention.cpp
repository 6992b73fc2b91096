// Attention and its gradient.
#include <cmath>

#include "workloads/graph/costing.h"

namespace wattlas {

namespace {

void attentionCost(Costing& c) {
  const Operator& op = c.op;
  const Dims& d = op.dims;
  if (d[Dim::heads] % d[Dim::kvHeads] != 0)
    throw InputError("attention '" + op.name + "': " + std::to_string(d[Dim::kvHeads]) +
                         " key-value heads do not divide " + std::to_string(d[Dim::heads]) +
                         " heads",
                     "a number of key-value heads that divides the heads");
  const std::int64_t latent = d[Dim::latent];
  if (latent > 0 && d[Dim::kvHeads] == 1 && (latent != d[Dim::headDim] || valueDim(op) > latent))
    throw InputError(
        "attention '" + op.name + "': keys and values are no part of the latent vector",
        "latent equal to head_dim, and a value_dim of at most that");
  if (d[Dim::newKeys] > d[Dim::keys])
    throw InputError("attention '" + op.name + "' stores more keys than it has",
                     "new_keys of at most keys");
  const Exact batch = c.dim(Dim::batch), queries = c.dim(Dim::queries);
  const Exact heads = c.dim(Dim::heads), width = c.dim(Dim::headDim), value = Exact(valueDim(op));
  const Exact pairs = batch * heads * Exact(attentionPairs(op));
  const Exact tokenValues = Exact(cachedValues(op));
  // Keys and values as the product reads them, which may be more than the cache holds.
  const Exact values =
      latent > 0 && d[Dim::kvHeads] == 1 ? tokenValues : c.dim(Dim::kvHeads) * (width + value);
  c.cost.macs = pairs * (width + value);
  c.cost.elementOps = pairs * Exact(5 + d[Dim::scoreOps]);
  const std::int64_t stored = d[Dim::newKeys] >= 0 ? d[Dim::newKeys] : d[Dim::queries];
  const Exact newTokens = op.cached ? Exact(stored) : c.dim(Dim::keys);
  c.cost.input = c.activations(batch * (queries * heads * width + newTokens * values));
  c.cost.output = c.activations(batch * queries * heads * value);
  if (!op.cached) return;
  const NumberFormat& kv = op.formats.kv;
  // Groups lie within a head.
  const auto each = static_cast<double>(latent > 0 ? latent : d[Dim::headDim]);
  const Exact tokenBits =
      batch * (kv.group > 0 ? Exact(std::llround(denseBits(
                                  kv, static_cast<double>(std::int64_t(tokenValues)) / each, each)))
                            : tokenValues * Exact(kv.bits));
  c.cost.kvRead = (tokenBits * Exact(visibleKeys(op))).bits();
  c.cost.kvWrite = (tokenBits * Exact(stored)).bits();
  const std::int64_t kept = op.window > 0 ? std::min(op.window, stored) : stored;
  c.cost.state = (tokenBits * Exact(kept)).bits();
}

}  // namespace

template <>
KindSpec describe<OpKind::attention>() {
  using enum Dim;
  return {.opClass = OpClass::product,
          .doc = "Scores, softmax and weighted sum of values",
          .dims = {batch, heads, kvHeads, headDim, valueDim, queries, keys, newKeys, scoreOps,
                   latent, dropout},
          .keys = KindSpec::attention,
          .batched = Dim::batch,
          .cost = attentionCost,
          .derive = [](Derivative& d) {
            Operator& g = d.pass(OpKind::attentionGradient);
            g.dims = d.op.dims;
            g.causal = d.op.causal;
            g.window = d.op.window;
            d.inputForData = d.outputForData = true;
            // maximum and sum of each row of scores
            d.extra = (Exact(d.op.dims[batch]) * d.op.dims[heads] * d.op.dims[queries] * 64).bits();
          }};
}

template <>
KindSpec describe<OpKind::attentionGradient>() {
  return {.opClass = OpClass::product,
          .doc = "Gradients of queries, keys and values: two products for each of the forward pass",
          .dims = describe<OpKind::attention>().dims,
          .keys = KindSpec::attention,
          .batched = Dim::batch,
          .cost = [](Costing& c) {
            Operator forward = c.op;
            forward.kind = OpKind::attention;
            const OpCost cost = costOf(forward);
            c.cost.macs = Exact(cost.macs) * 2;
            // the weights of the scores again, then their gradients
            c.cost.elementOps = Exact(cost.elementOps) * 2;
            c.cost.input = cost.input + cost.output * 2.0;
            c.cost.output = cost.input;
          }};
}

}  // namespace wattlas
