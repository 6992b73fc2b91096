// What a software stack launches for one operator: the operators whose kernels run in its place,
// and kernels of its own before them.
#include "gpu/stack.h"

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
  Operator op;
  op.name = name;
  op.kind = OpKind::gemm;
  op.formats = like.formats;
  op.hasWeights = false;
  op.dims[Dim::batch] = batch;
  op.dims[Dim::M] = m;
  op.dims[Dim::N] = n;
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

}  // namespace wattlas::gpu
