// Attention as one fused kernel: causal query blocks in prefill, split keys in decode.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gpu/lowering.h"

namespace wattlas::gpu {
namespace {

constexpr std::int64_t fewQueries = 32;  // up to here the keys are the work
constexpr std::int64_t keyBlock = 128;
constexpr std::int64_t fewGroups = 8;
constexpr std::int64_t fewBlocks = 4;  // so short a sequence is not worth a second kernel
constexpr std::int64_t mostShares = 128;
constexpr std::int64_t decodeRows = 64;  // query heads of one key head that a CTA serves at once

/// Query blocks, longest first, merged into at most `maxGroups` groups of like work.
std::vector<CtaGroup> causalGroups(const PlanInput& in, double perPair, double perKey,
                                   double perBlock) {
  const Operator& op = in.op;
  const std::int64_t queries = op.dims[Dim::queries], keys = op.dims[Dim::keys];
  const AttentionFit& fit = in.p.fit.attention;
  const std::int64_t queryBlock = fit.queryRows;
  const std::int64_t blocks = (queries + queryBlock - 1) / queryBlock;
  const std::int64_t each = op.dims[Dim::batch] * op.dims[Dim::heads];
  // Many waves average the lengths out: fewer groups keep the event model's cohorts few.
  const std::int64_t most =
      blocks * each > 8 * in.p.sms ? fewGroups : static_cast<std::int64_t>(Kernel::maxGroups);
  const std::int64_t bins = std::min<std::int64_t>(blocks, most);
  // A CTA's steps depend on each other; what they leave idle, the others of its SM use.
  const double beside = static_cast<double>(
      std::clamp<std::int64_t>((blocks * each + in.p.sms - 1) / in.p.sms, 1, fit.slots));
  std::vector<CtaGroup> groups;
  for (std::int64_t bin = bins - 1; bin >= 0; --bin) {
    const std::int64_t first = bin * blocks / bins, last = (bin + 1) * blocks / bins;
    double cycles = 0;
    for (std::int64_t b = first; b < last; ++b) {
      const std::int64_t end = std::min(queries, (b + 1) * queryBlock);
      std::int64_t seen = keys;
      if (op.causal) seen = std::min(keys, keys - queries + end);
      if (op.window > 0) seen = std::min(seen, op.window + queryBlock);
      const double rounded = static_cast<double>((seen + keyBlock - 1) / keyBlock * keyBlock);
      const double work =
          static_cast<double>(std::min(queryBlock, (end - b * queryBlock + 15) / 16 * 16)) *
          rounded * perPair;
      cycles += std::max(work + perBlock, (rounded * perKey + perBlock) / beside);
    }
    const CtaGroup group{each * (last - first), cycles / static_cast<double>(last - first), 0};
    if (!groups.empty() && groups.back().cycles == group.cycles)
      groups.back().count += group.count;
    else
      groups.push_back(group);
  }
  return groups;
}

/// MACs of one query-key pair: its score and its share of the weighted sum.
double pairWidth(const Operator& op) {
  return static_cast<double>(op.dims[Dim::headDim] + valueDim(op));
}

/// Values that a CTA reads for one key: of a latent cache key and value are one vector.
double keyValues(const Operator& op) {
  const bool one = op.dims[Dim::latent] > 0 && op.dims[Dim::kvHeads] == 1;
  return one ? static_cast<double>(op.dims[Dim::headDim]) : pairWidth(op);
}

Kernel common(const PlanInput& in) {
  const Operator& op = in.op;
  Kernel k;
  k.macKind = in.path.kind;
  const double pairs = static_cast<double>(op.dims[Dim::batch] * op.dims[Dim::heads]) *
                       static_cast<double>(attentionPairs(op));
  k.macs = pairs * pairWidth(op);
  k.vectorOps = static_cast<double>(in.cost.elementOps) +
                in.path.unpackOps * in.cost.kvRead.value / op.formats.kv.bits;
  k.outputBits = in.cost.output.value;
  return k;
}

Kernel prefill(const PlanInput& in) {
  const Operator& op = in.op;
  const Parameters& p = in.p;
  Kernel k = common(in);
  const double width = pairWidth(op);
  // Two products and one exponential for each query-key pair; operands unpack once a key block.
  const double perPair =
      width / (in.path.macsPerClock * p.fit.attention.prefillEfficiency.value.value) +
      1.0 / p.vector.special.value.value +
      in.path.unpackOps * width /
          (static_cast<double>(p.fit.attention.queryRows) * p.vector.fp16.value.value);
  const AttentionFit& fit = p.fit.attention;
  const double hertz = p.clock.value.value;
  const double keyBits = keyValues(op) * op.formats.kv.bits;
  double perBlock = fit.queryBlockTime.value.value * hertz;
  // Every CTA writes all new keys of its head to the cache before it walks over them.
  if (fit.appendBandwidth.value.value > 0)
    perBlock += static_cast<double>(op.dims[Dim::queries]) * keyBits /
                fit.appendBandwidth.value.value * hertz;
  k.groups = causalGroups(in, perPair, keyBits / fit.smBandwidth.value.value * hertz, perBlock);
  const double queryBlock = static_cast<double>(fit.queryRows);
  // Masked blocks on the diagonal run in full.
  const double pairsRun =
      k.macs / (width) +
      0.5 * queryBlock *
          static_cast<double>(op.dims[Dim::batch] * op.dims[Dim::heads] * op.dims[Dim::queries]);
  k.start = fit.prefillStart.value.value;
  k.latency = p.fit.gemm.latency.value.value;
  k.dramShare = p.fit.gemm.dramEfficiency.value.value;
  k.l2Bits = std::max(in.distinctBits(),
                      pairsRun / queryBlock * keyBits + in.cost.input.value + in.cost.output.value);
  k.dramBits = in.activationDram() + in.cost.kvWrite.value +
               std::max(0.0, in.cost.kvRead.value - in.cost.kvWrite.value);
  k.sharedBits = pairsRun / queryBlock * width * in.path.operandBits;
  k.name = fmt::format("attention prefill, {} CTAs", k.ctas());
  return k;
}

struct Split {
  std::int64_t parts = 1, keys = 0;  ///< CTAs that share a row of keys; keys of the longest
};

/// Splits as the library plans them: perhaps for a longest sequence, so that some find no keys.
Split planSplit(const PlanInput& in, std::int64_t base, std::int64_t keys, bool grouped) {
  const AttentionFit& fit = in.p.fit.attention;
  if (!grouped && !fit.splitSingle) return {1, keys};
  const std::int64_t planned = std::max(keys, fit.splitLength);
  const std::int64_t blocks = (planned + keyBlock - 1) / keyBlock;
  const std::int64_t heads = in.op.dims[Dim::kvHeads];
  const std::int64_t splits =
      fit.splitRule == "work"
          ? keyShares(in.op.dims[Dim::batch], fit.splitHeads > 0 ? fit.splitHeads : heads, blocks,
                      in.p.sms)
          : keySplits(base, blocks, in.p.sms * fit.splitSlots);
  const std::int64_t perPart = (blocks + splits - 1) / splits * keyBlock;
  return {(keys + perPart - 1) / perPart, std::min(keys, perPart)};
}

Kernel decode(const PlanInput& in) {
  const Operator& op = in.op;
  const Parameters& p = in.p;
  const AttentionFit& fit = p.fit.attention;
  Kernel k = common(in);
  const std::int64_t group = op.dims[Dim::heads] / op.dims[Dim::kvHeads];
  const std::int64_t rows = group * op.dims[Dim::queries];
  const std::int64_t base =
      op.dims[Dim::batch] * op.dims[Dim::kvHeads] * ((rows + decodeRows - 1) / decodeRows);
  const Split split = planSplit(in, base, visibleKeys(op), group > 1);
  const double width = pairWidth(op);
  const double hertz = p.clock.value.value;
  const double perCta = static_cast<double>((split.keys + keyBlock - 1) / keyBlock * keyBlock);
  const double keyBits = perCta * keyValues(op) * op.formats.kv.bits;
  // A CTA's walk over its keys, or its products with rows padded to a tile of 16.
  const double stream = keyBits / fit.smBandwidth.value.value * hertz;
  const double paddedRows = static_cast<double>((std::min(rows, decodeRows) + 15) / 16 * 16);
  const double products =
      paddedRows * perCta * width / (in.path.macsPerClock * fit.prefillEfficiency.value.value);
  const double exponentials = paddedRows * perCta / p.vector.special.value.value;
  const double unpack = in.path.unpackOps * perCta * width / p.vector.fp16.value.value;
  k.slotsPerSm = static_cast<int>(fit.slots);
  k.waveByWave = true;
  const double ctas = static_cast<double>(base * split.parts);
  k.groups = {
      {base * split.parts,
       std::max(stream, products + exponentials + unpack) + fit.blockTime.value.value * hertz, 0}};
  k.start = fit.decodeStart.value.value;
  if (split.parts > 1) {
    k.start += fit.combine.value.value;
    ++k.launches;
  }
  if (group > 1 && op.dims[Dim::kvHeads] > 1 && op.dims[Dim::batch] > 1 &&
      fit.regroup.value.value > 0) {
    k.start += fit.regroup.value.value;
    k.launches += 2;
  }
  k.latency = p.fit.gemm.latency.value.value;
  k.dramShare = fit.decodeEfficiency.value.value;
  k.dramBits = in.cost.kvRead.value + in.cost.kvWrite.value + in.activationDram();
  // Keys and values may stay in L2 from step to step.
  if (in.cache.loopBits >= in.cost.kvRead.value) k.dramBits *= in.cache.weightMiss;
  const double partial = split.parts > 1
                             ? 2.0 * ctas * static_cast<double>(std::min(rows, decodeRows)) *
                                   static_cast<double>(valueDim(op)) * 32.0
                             : 0.0;
  k.l2Bits = std::max(in.distinctBits(), ctas * keyBits) + partial;
  k.sharedBits = ctas * keyBits;
  k.name = fmt::format("attention decode, keys split {} ways", split.parts);
  return k;
}

}  // namespace

std::int64_t keySplits(std::int64_t ctas, std::int64_t blocks, std::int64_t slots) {
  if (static_cast<double>(ctas) >= 0.8 * static_cast<double>(slots) || blocks <= 1) return 1;
  const std::int64_t most = std::min<std::int64_t>({128, slots, blocks});
  const auto fullness = [&](std::int64_t split) {
    const double waves = static_cast<double>(ctas * split) / static_cast<double>(slots);
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

std::int64_t keyShares(std::int64_t sequences, std::int64_t keyHeads, std::int64_t blocks,
                       std::int64_t sms) {
  if (blocks <= fewBlocks) return 1;
  const double perSm = std::ceil(1.1 * static_cast<double>(sequences * keyHeads * blocks) /
                                 static_cast<double>(sms));
  return std::clamp<std::int64_t>(
      static_cast<std::int64_t>(std::ceil(static_cast<double>(blocks) / perSm)), 1, mostShares);
}

std::vector<Kernel> planAttention(const PlanInput& in) {
  const Operator& op = in.op;
  // Up to a quarter of a query block the keys are the work: the decode kernel splits them.
  const bool few =
      op.dims[Dim::queries] <= fewQueries && op.dims[Dim::queries] < op.dims[Dim::keys];
  return {few || op.dims[Dim::queries] == 1 ? decode(in) : prefill(in)};
}

Kernel planAttentionGradient(const PlanInput& in) {
  // Blocks of keys walk over the queries: scores again, then four products, as many pairs as
  // before.
  constexpr double products = 2.5;
  Kernel k = prefill(in);
  for (CtaGroup& group : k.groups) group.cycles *= products;
  k.macs *= products;
  k.sharedBits *= products;
  k.l2Bits *= products;
  k.name = fmt::format("attention gradient, {} CTAs", k.ctas());
  return k;
}

}  // namespace wattlas::gpu
