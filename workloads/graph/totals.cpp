#include <algorithm>
#include <set>

#include "models/base/error.h"
#include "workloads/graph/exact.h"
#include "workloads/graph/workload.h"

namespace wattlas {

const char* nameOf(PhaseKind kind) {
  static constexpr const char* names[] = {"prefill", "decode",        "inference",
                                          "forward", "backward_data", "backward_weight",
                                          "update",  "recompute"};
  return names[static_cast<std::size_t>(kind)];
}

bool Workload::hasDecode() const {
  return std::any_of(phases.begin(), phases.end(),
                     [](const Phase& phase) { return phase.kind == PhaseKind::decode; });
}

namespace {

/// Keys that the attention of a phase has seen after its last step.
std::int64_t lastKeys(const Operator& op, const Phase& phase) {
  const Operator last = atStep(op, phase.repeat - 1);
  const std::int64_t keys = last.dims[Dim::keys];
  return op.window > 0 ? std::min(op.window, keys) : keys;
}

/// MACs of all instances: of one decode step, of all chunks of a prompt.
Exact macsOf(const Operator& op, const OpCost& first, const Phase& phase) {
  Exact macs = first.macs;
  if (phase.kind != PhaseKind::decode && phase.repeat > 1) {
    if (!op.growsWithContext) macs = macs * phase.repeat;
    for (std::int64_t step = 1; op.growsWithContext && step < phase.repeat; ++step)
      macs += costOf(atStep(op, step)).macs;
  }
  return macs * op.count;
}

}  // namespace

WorkloadTotals Workload::totals() const {
  WorkloadTotals totals;
  std::set<std::string> counted;  // weights of a phase that an earlier one already has
  Exact macsFirst = 0, macsDecode = 0, parameters = 0;
  std::set<std::string> storesKeys;
  for (const Phase& phase : phases)
    for (std::size_t v = 0; v < phase.graph.size(); ++v)
      if (const Operator& op = phase.graph.at(static_cast<OpId>(v)); op.dims[Dim::newKeys] != 0)
        storesKeys.insert(op.name);
  try {
    for (std::size_t p = 0; p < phases.size(); ++p) {
      const Phase& phase = phases[p];
      Bits perToken, peak;
      for (std::size_t v = 0; v < phase.graph.size(); ++v) {
        const Operator& op = phase.graph.at(static_cast<OpId>(v));
        const OpCost cost = costOf(op);
        const Exact macs = macsOf(op, cost, phase);
        if (phase.kind == PhaseKind::decode)
          macsDecode += macs;
        else if (p == 0)
          macsFirst += macs;
        const bool own = cost.parameters > 0 && op.sharesWeightsOf.empty();
        if (own && counted.insert(op.name).second) {
          parameters += Exact(cost.parameters) * op.weightCopies();
          totals.weights += cost.weights * static_cast<double>(op.weightCopies());
        }
        totals.activationPeak = std::max(totals.activationPeak, cost.input + cost.output);
        if (op.kind != OpKind::attention || !op.cached) continue;
        const Exact token = Exact(cachedValues(op)) * op.formats.kv.bits * op.count;
        // Keys of other layers are theirs; those of an encoder come once, not with each token.
        if (op.dims[Dim::newKeys] < 0) perToken += token.bits();
        if (storesKeys.count(op.name) > 0)
          peak += (token * op.dims[Dim::batch] * lastKeys(op, phase)).bits();
      }
      totals.kvPerToken = std::max(totals.kvPerToken, perToken);
      totals.kvPeak = std::max(totals.kvPeak, peak);
    }
  } catch (const CountOverflow&) {
    throw InputError("workload '" + id + "' needs more than 2^62 multiply-accumulates or bits",
                     "smaller dimensions", "reduce batch, prompt, generate or the layers");
  }
  totals.macsPrefill = macsFirst;
  totals.macsDecodeFirst = macsDecode;
  totals.parameters = parameters;
  return totals;
}

}  // namespace wattlas
