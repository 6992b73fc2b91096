// What a software stack launches for one operator: the operators whose kernels run in its place,
// and kernels of its own before them.
#include <algorithm>
#include <cmath>

#include "gpu/lowering.h"

namespace wattlas::gpu {

namespace {

/// Rows of `width` elements in the activation format of `like`.
Operator elementwise(const Operator& like, OpKind kind, OpVariant variant, std::int64_t rows,
                     std::int64_t width, const char* name) {
  Operator op;
  op.name = name;
  op.kind = kind;
  op.variant = variant;
  op.formats = like.formats;
  op.hasWeights = false;
  op.dims[Dim::M] = rows;
  op.dims[Dim::N] = width;
  return op;
}

Operator batchedProduct(const Operator& like, std::int64_t batch, std::int64_t m, std::int64_t n,
                        std::int64_t k, const char* name) {
  Operator op = elementwise(like, OpKind::gemm, OpVariant::none, m, n, name);
  op.dims[Dim::batch] = batch;
  op.dims[Dim::K] = k;
  return op;
}

/// Attention with stored scores: product, scale and mask, soft-max, product, and the copy that
/// brings the heads together.
std::vector<Operator> storedScores(const StackRules& rules, const Operator& op) {
  const std::int64_t planes = op.dims[Dim::batch] * op.dims[Dim::heads];
  const std::int64_t queries = op.dims[Dim::queries], keys = op.dims[Dim::keys],
                     width = op.dims[Dim::headDim];
  std::vector<Operator> out = {batchedProduct(op, planes, queries, keys, width, "scores")};
  for (std::int64_t i = 0; i < rules.scoreKernels; ++i)
    out.push_back(elementwise(op, OpKind::activation, OpVariant::relu, planes * queries, keys,
                              "scale or mask of the scores"));
  out.push_back(elementwise(op, OpKind::softmax, OpVariant::none, planes * queries, keys,
                            "soft-max of stored scores"));
  for (std::int64_t i = 0; i < op.dims[Dim::dropout]; ++i)
    out.push_back(elementwise(op, OpKind::activation, OpVariant::dropout, planes * queries, keys,
                              "dropout of the scores"));
  out.push_back(batchedProduct(op, planes, queries, width, keys, "weighted sum"));
  if (queries > 1 && op.dims[Dim::heads] > 1)
    out.push_back(elementwise(op, OpKind::activation, OpVariant::relu, planes * queries, width,
                              "copy of the heads"));
  return out;
}

/// Its gradient: of the weighted sum, the soft-max, masks, and the scores; heads come apart before
/// and together behind.
std::vector<Operator> gradientOfStoredScores(const StackRules& rules, const Operator& op) {
  const std::int64_t planes = op.dims[Dim::batch] * op.dims[Dim::heads];
  const std::int64_t queries = op.dims[Dim::queries], keys = op.dims[Dim::keys],
                     width = op.dims[Dim::headDim];
  const auto copies = [&](std::int64_t rows, const char* name) {
    return elementwise(op, OpKind::activation, OpVariant::relu, planes * rows, width, name);
  };
  std::vector<Operator> out = {
      copies(queries, "copy of the heads"),
      batchedProduct(op, planes, keys, width, queries, "gradient of the values"),
      batchedProduct(op, planes, queries, keys, width, "gradient of the weights of the scores")};
  for (std::int64_t i = 0; i < op.dims[Dim::dropout]; ++i)
    out.push_back(elementwise(op, OpKind::activationGradient, OpVariant::dropout, planes * queries,
                              keys, "dropout of the scores"));
  out.push_back(elementwise(op, OpKind::softmaxGradient, OpVariant::none, planes * queries, keys,
                            "soft-max of stored scores"));
  for (std::int64_t i = 0; i < rules.scoreKernels; ++i)
    out.push_back(elementwise(op, OpKind::activation, OpVariant::relu, planes * queries, keys,
                              "scale or mask of the scores"));
  out.push_back(batchedProduct(op, planes, queries, width, keys, "gradient of the queries"));
  out.push_back(batchedProduct(op, planes, keys, width, queries, "gradient of the keys"));
  out.push_back(copies(queries + 2 * keys, "copy of the heads"));
  return out;
}

/// A kernel that passes once over `bits`, with `elements` values spread over its CTAs.
Kernel pass(const Parameters& p, double bits, double elements, double operations) {
  Kernel k;
  k.dramBits = k.l2Bits = bits;
  k.dramShare = p.fit.stream.add.efficiency.value.value;
  k.vectorOps = operations;
  k.slotsPerSm = k.parallelPerSm = 2;
  k.groups = {{static_cast<std::int64_t>(elements / ctaElements) + 1,
               2.0 * ctaElements / p.vector.fp32.value.value * operations / std::max(elements, 1.0),
               0}};
  return k;
}

}  // namespace

std::vector<Operator> launchedFor(const StackRules& rules, const Operator& op) {
  if (op.kind == OpKind::attention && !rules.fusedAttention) return storedScores(rules, op);
  if (op.kind == OpKind::attentionGradient && !rules.fusedAttention)
    return gradientOfStoredScores(rules, op);
  // Written out as functions of one or two values; of its gradient three more, and sums of those
  // that meet at its input.
  const bool gradient = op.kind == OpKind::activationGradient;
  if ((gradient || op.kind == OpKind::activation) && op.variant == OpVariant::gelu &&
      rules.geluKernels > 1) {
    const std::int64_t kernels = rules.geluKernels + (gradient ? 3 : 0);
    const std::int64_t ofTwo = gradient ? kernels / 2 + 1 : kernels / 4;
    std::vector<Operator> out;
    for (std::int64_t i = 0; i < kernels; ++i)
      out.push_back(elementwise(op, i < ofTwo ? OpKind::multiply : OpKind::activation,
                                i < ofTwo ? OpVariant::none : OpVariant::relu, op.dims[Dim::M],
                                op.dims[Dim::N], "part of a GELU"));
    return out;
  }
  return {op};
}

std::optional<Kernel> cacheWrite(const Parameters& p, const Operator& op) {
  const StackRules& rules = p.fit.launches;
  // Of a single token the start of the attention kernel, as measured, includes it.
  if (rules.cacheWriteToken.value.value <= 0 || op.kind != OpKind::attention || !op.cached ||
      op.dims[Dim::queries] <= 1)
    return std::nullopt;
  constexpr double mostThreads = 512, residentThreads = 2048, mostCtas = 16;
  const double values =
      static_cast<double>(op.dims[Dim::kvHeads]) * static_cast<double>(op.dims[Dim::headDim]);
  const double threads = std::min(mostThreads, values);
  const double written = costOf(op).kvWrite.value;
  const double elements = written / op.formats.kv.bits;
  // New keys and values are read as activations and stored where the cache has room.
  Kernel k = pass(p, elements * op.formats.activation.bits + written, elements, elements);
  k.name = "new keys and values to the cache";
  k.start = 0;
  k.outputBits = written;
  k.slotsPerSm = k.parallelPerSm =
      static_cast<int>(std::min(mostCtas, std::floor(residentThreads / threads)));
  k.rowTimes = true;
  const double life = rules.cacheWriteToken.value.value +
                      rules.cacheWriteRound.value.value * std::ceil(values / mostThreads);
  k.groups = {{op.dims[Dim::batch] * op.dims[Dim::queries], life * p.clock.value.value, 0}};
  return k;
}

std::optional<Kernel> quantisation(const Parameters& p, const Operator& op, const DataPath& path) {
  const StackRules& rules = p.fit.launches;
  const bool narrow = path.matrixUnit && path.operandBits <= 8 && path.operandBits > 1;
  if (op.kind != OpKind::gemm || !op.hasWeights || !narrow || rules.quantiseBytes.value.value <= 0)
    return std::nullopt;
  const double elements = static_cast<double>(op.dims[Dim::batch]) *
                          static_cast<double>(op.dims[Dim::M]) *
                          static_cast<double>(op.dims[Dim::K]);
  Kernel k = pass(p, elements * rules.quantiseBytes.value.value * 8.0, elements, 4.0 * elements);
  k.name = "quantisation of activations";
  k.start = rules.quantiseStart.value.value;
  k.outputBits = elements * path.operandBits;
  return k;
}

namespace {

bool isWeighted(const Operator& op) {
  switch (op.kind) {
    case OpKind::gemm:
    case OpKind::conv1d:
    case OpKind::conv2d:
    case OpKind::conv3d:
    case OpKind::convTranspose:
      return op.hasWeights;
    default:
      return false;
  }
}

/// Works on each result by itself, so that the kernel that makes it can go on with it.
bool isEpilogue(const Operator& op) {
  if (op.kind == OpKind::activation) return !isGated(op.variant);
  return op.kind == OpKind::add || op.kind == OpKind::multiply ||
         (op.kind == OpKind::norm && op.variant == OpVariant::batch);
}

class Regions {
 public:
  Regions(const StackRules& rules, const Graph& graph, const std::vector<OpId>& mine)
      : rules_(rules), graph_(graph), place_(graph.size(), absent), taken_(graph.size(), 0) {
    for (std::size_t i = 0; i < mine.size(); ++i)
      place_[index(mine[i])] = static_cast<std::int64_t>(i);
  }

  std::vector<std::vector<OpId>> of(const std::vector<OpId>& mine) {
    std::vector<std::vector<OpId>> out;
    for (const OpId id : mine) {
      if (taken_[index(id)] != 0) continue;
      taken_[index(id)] = 1;
      out.push_back({id});
      const OpKind kind = graph_.at(id).kind;
      if (isWeighted(graph_.at(id)))
        addEpilogues(out.back());
      else if (kind == OpKind::add && rules_.normWithAdd)
        addNorm(out.back());
    }
    return out;
  }

 private:
  static constexpr std::int64_t absent = -1;
  static std::size_t index(OpId id) { return static_cast<std::size_t>(id); }

  /// `next` runs as often as `head` and all its other inputs are there when `head` starts: they
  /// come before it, or are not among these operators and so came earlier.
  bool fits(OpId head, OpId previous, OpId next) const {
    if (place_[index(next)] == absent || taken_[index(next)] != 0) return false;
    const Operator &a = graph_.at(head), &b = graph_.at(next);
    if (a.count != b.count || a.block != b.block ||
        a.formats.activation.name != b.formats.activation.name)
      return false;
    for (const OpId other : graph_.producers(next))
      if (other != previous && place_[index(other)] >= place_[index(head)]) return false;
    return true;
  }

  void take(std::vector<OpId>& region, OpId next) {
    taken_[index(next)] = 1;
    region.push_back(next);
  }

  void addEpilogues(std::vector<OpId>& region) {
    for (std::int64_t i = 0; i < rules_.epilogues; ++i) {
      const std::vector<OpId> consumers = graph_.consumers(region.back());
      if (consumers.size() != 1) return;
      const Operator& next = graph_.at(consumers.front());
      if (!isEpilogue(next) || !fits(region.front(), region.back(), consumers.front()) ||
          costOf(next).output.value != costOf(graph_.at(region.front())).output.value)
        return;
      take(region, consumers.front());
    }
  }

  void addNorm(std::vector<OpId>& region) {
    for (const OpId next : graph_.consumers(region.front())) {
      const Operator& op = graph_.at(next);
      if (op.kind != OpKind::norm || op.variant == OpVariant::batch ||
          !fits(region.front(), region.front(), next))
        continue;
      take(region, next);
      return;
    }
  }

  const StackRules& rules_;
  const Graph& graph_;
  std::vector<std::int64_t> place_;  ///< in `mine`, by id
  std::vector<char> taken_;
};

}  // namespace

std::vector<std::vector<OpId>> fusedRegions(const StackRules& rules, const Graph& graph,
                                            const std::vector<OpId>& mine) {
  return Regions(rules, graph, mine).of(mine);
}

std::vector<std::vector<OpId>> streamRegions(const StackRules& rules, const Graph& graph,
                                             std::vector<std::vector<OpId>> fused) {
  if (rules.streams <= 1) return fused;
  const auto reads = [&](const std::vector<OpId>& from, const std::vector<OpId>& ops) {
    for (const OpId id : ops)
      for (const OpId producer : graph.producers(id))
        if (std::find(from.begin(), from.end(), producer) != from.end()) return true;
    return false;
  };
  std::vector<std::vector<OpId>> out;
  std::int64_t members = 0;
  for (std::vector<OpId>& region : fused) {
    const bool beside = members > 0 && members < rules.streams && !reads(out.back(), region) &&
                        graph.at(out.back().front()).count == graph.at(region.front()).count &&
                        graph.at(out.back().front()).block == graph.at(region.front()).block;
    if (beside) {
      out.back().insert(out.back().end(), region.begin(), region.end());
      ++members;
    } else {
      out.push_back(std::move(region));
      members = 1;
    }
  }
  return out;
}

void rideAlong(const Parameters& p, const Operator& op, std::vector<Kernel>& kernels) {
  const PlanInput in{p, op, costOf(op), {}, cacheState(p, 0)};
  Kernel& k = kernels.back();
  if (op.kind == OpKind::norm && op.variant != OpVariant::batch) {
    // The kernel of the norm reads both summands and keeps the sum beside the normed values.
    Kernel norm = planStream(in);
    const double more = std::max(0.0, k.l2Bits - in.cost.input.value);
    norm.l2Bits += more;
    norm.dramBits += more * in.activationMiss();
    norm.outputBits += in.cost.input.value;
    norm.vectorOps += k.vectorOps;
    norm.name += " of a sum";
    k = std::move(norm);
    return;
  }
  // What comes from the kernel itself is in registers; a second operand is read.
  const double second = std::max(0.0, in.cost.input.value - in.cost.output.value);
  const double more = second + in.cost.weightRead.value;
  k.l2Bits += more;
  k.dramBits += more * in.activationMiss();
  k.vectorOps += static_cast<double>(in.cost.elementOps);
  k.name += std::string(", ") + nameOf(op.kind) + " fused";
}

}  // namespace wattlas::gpu
