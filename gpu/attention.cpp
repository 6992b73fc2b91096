// Attention as one fused kernel: causal query blocks in prefill, split keys in decode.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gpu/lowering.h"

namespace wattlas::gpu {
namespace {

constexpr std::int64_t queryBlock = 128;
constexpr std::int64_t keyBlock = 128;
constexpr std::int64_t fewGroups = 8;
constexpr std::int64_t decodeRows = 64;  // query heads of one key head that a CTA serves at once

/// Query blocks, longest first, merged into at most `maxGroups` groups of like work.
std::vector<CtaGroup> causalGroups(const PlanInput& in, double perPair, double perBlock) {
  const Operator& op = in.op;
  const std::int64_t queries = op.dims[Dim::queries], keys = op.dims[Dim::keys];
  const std::int64_t blocks = (queries + queryBlock - 1) / queryBlock;
  const std::int64_t each = op.dims[Dim::batch] * op.dims[Dim::heads];
  // Many waves average the lengths out: fewer groups keep the event model's cohorts few.
  const std::int64_t most =
      blocks * each > 8 * in.p.sms ? fewGroups : static_cast<std::int64_t>(Kernel::maxGroups);
  const std::int64_t bins = std::min<std::int64_t>(blocks, most);
  std::vector<CtaGroup> groups;
  for (std::int64_t bin = bins - 1; bin >= 0; --bin) {
    const std::int64_t first = bin * blocks / bins, last = (bin + 1) * blocks / bins;
    double cycles = 0;
    for (std::int64_t b = first; b < last; ++b) {
      const std::int64_t end = std::min(queries, (b + 1) * queryBlock);
      std::int64_t seen = keys;
      if (op.causal && in.p.fit.attention.causalSkip) seen = std::min(keys, keys - queries + end);
      if (op.window > 0) seen = std::min(seen, op.window + queryBlock);
      const double rounded = static_cast<double>((seen + keyBlock - 1) / keyBlock * keyBlock);
      cycles += static_cast<double>(std::min(queryBlock, (end - b * queryBlock + 15) / 16 * 16)) *
                    rounded * perPair +
                perBlock;
    }
    const CtaGroup group{each * (last - first), cycles / static_cast<double>(last - first), 0};
    if (!groups.empty() && groups.back().cycles == group.cycles)
      groups.back().count += group.count;
    else
      groups.push_back(group);
  }
  return groups;
}

Kernel common(const PlanInput& in) {
  const Operator& op = in.op;
  Kernel k;
  k.macKind = in.path.kind;
  const double pairs = static_cast<double>(op.dims[Dim::batch] * op.dims[Dim::heads]) *
                       static_cast<double>(attentionPairs(op));
  k.macs = 2.0 * pairs * static_cast<double>(op.dims[Dim::headDim]);
  k.vectorOps = static_cast<double>(in.cost.elementOps) +
                in.path.unpackOps * in.cost.kvRead.value / op.formats.kv.bits;
  k.outputBits = in.cost.output.value;
  return k;
}

Kernel prefill(const PlanInput& in) {
  const Operator& op = in.op;
  const Parameters& p = in.p;
  Kernel k = common(in);
  const double headDim = static_cast<double>(op.dims[Dim::headDim]);
  // Two products and one exponential for each query-key pair; operands unpack once a key block.
  const double perPair =
      2.0 * headDim / (in.path.macsPerClock * p.fit.attention.prefillEfficiency.value.value) +
      1.0 / p.vector.special.value.value +
      in.path.unpackOps * 2.0 * headDim / (queryBlock * p.vector.fp16.value.value);
  k.groups = causalGroups(in, perPair, p.fit.attention.blockTime.value.value * p.clock.value.value);
  double pairsRun = 0;
  for (const CtaGroup& g : k.groups) pairsRun += static_cast<double>(g.count) * g.cycles / perPair;
  k.start = p.fit.attention.prefillStart.value.value;
  k.latency = p.fit.gemm.latency.value.value;
  k.overlapLoss = p.fit.gemm.overlapLoss.value.value;
  k.dramShare = p.fit.gemm.dramEfficiency.value.value;
  const double keyBits = pairsRun / queryBlock * 2.0 * headDim * op.formats.kv.bits;
  k.l2Bits = std::max(in.distinctBits(), keyBits + in.cost.input.value + in.cost.output.value);
  k.dramBits = in.activationDram() + in.cost.kvWrite.value +
               std::max(0.0, in.cost.kvRead.value - in.cost.kvWrite.value);
  k.sharedBits = 2.0 * pairsRun / queryBlock * headDim * in.path.operandBits;
  k.name = fmt::format("attention prefill, {} CTAs", k.ctas());
  return k;
}

Kernel decode(const PlanInput& in) {
  const Operator& op = in.op;
  const Parameters& p = in.p;
  Kernel k = common(in);
  const std::int64_t rows = op.dims[Dim::heads] / op.dims[Dim::kvHeads] * op.dims[Dim::queries];
  const std::int64_t base =
      op.dims[Dim::batch] * op.dims[Dim::kvHeads] * ((rows + decodeRows - 1) / decodeRows);
  const std::int64_t keys = visibleKeys(op);
  const std::int64_t split = keySplits(base, (keys + keyBlock - 1) / keyBlock, p.sms);
  const double headDim = static_cast<double>(op.dims[Dim::headDim]);
  const double perCta = std::ceil(static_cast<double>(keys) / static_cast<double>(split));
  const double keyBits = perCta * 2.0 * headDim * op.formats.kv.bits;
  // A CTA's own stream of keys, or its products with rows padded to a tile of 16.
  const double stream = keyBits / p.fit.attention.ctaBandwidth.value.value * p.clock.value.value;
  const double paddedRows = static_cast<double>((std::min(rows, decodeRows) + 15) / 16 * 16);
  const double products = paddedRows * perCta * 2.0 * headDim /
                          (in.path.macsPerClock * p.fit.attention.prefillEfficiency.value.value);
  const double exponentials = paddedRows * perCta / p.vector.special.value.value;
  const double unpack = in.path.unpackOps * perCta * 2.0 * headDim / p.vector.fp16.value.value;
  k.slotsPerSm = k.parallelPerSm = 2;
  const double work = 2.0 * (products + exponentials + unpack);  // two CTAs share the units
  k.groups = {{base * split, std::max(stream, work), 0}};
  k.start = p.fit.attention.decodeStart.value.value +
            (split > 1 ? p.fit.attention.combine.value.value : 0.0);
  k.latency = p.fit.gemm.latency.value.value;
  k.dramShare = p.fit.attention.decodeEfficiency.value.value;
  k.dramBits = in.cost.kvRead.value + in.cost.kvWrite.value + in.activationDram();
  if (in.cache.weightsHit && in.cache.loopBits >= in.cost.kvRead.value)
    k.dramBits = 0;  // the cache of keys stays in L2 from step to step
  const double partial = split > 1
                             ? 2.0 * static_cast<double>(base * split) *
                                   static_cast<double>(std::min(rows, decodeRows)) * headDim * 32.0
                             : 0.0;
  k.l2Bits = std::max(in.distinctBits(), static_cast<double>(base * split) * keyBits) + partial;
  k.sharedBits = static_cast<double>(base * split) * keyBits;
  k.name = fmt::format("attention decode, keys split {} ways", split);
  if (split > 1) k.launches = 2;
  return k;
}

}  // namespace

std::int64_t keySplits(std::int64_t ctas, std::int64_t blocks, std::int64_t sms) {
  if (static_cast<double>(ctas) >= 0.8 * static_cast<double>(sms) || blocks <= 1) return 1;
  const std::int64_t most = std::min<std::int64_t>({128, sms, blocks});
  const auto fullness = [&](std::int64_t split) {
    const double waves = static_cast<double>(ctas * split) / static_cast<double>(sms);
    return waves / std::ceil(waves);
  };
  // Splits that leave the number of key blocks per CTA unchanged gain nothing.
  const auto useful = [&](std::int64_t split) {
    return split == 1 || (blocks + split - 1) / split != (blocks + split - 2) / (split - 1);
  };
  double best = 0;
  for (std::int64_t s = 1; s <= most; ++s)
    if (useful(s)) best = std::max(best, fullness(s));
  for (std::int64_t s = 1; s <= most; ++s)
    if (useful(s) && fullness(s) >= 0.85 * best) return s;
  return 1;
}

std::vector<Kernel> planAttention(const PlanInput& in) {
  const Operator& op = in.op;
  // Up to a quarter of a query block the keys are the work: the decode kernel splits them.
  const bool few =
      op.dims[Dim::queries] * 4 <= queryBlock && op.dims[Dim::queries] < op.dims[Dim::keys];
  return {few || op.dims[Dim::queries] == 1 ? decode(in) : prefill(in)};
}

}  // namespace wattlas::gpu
