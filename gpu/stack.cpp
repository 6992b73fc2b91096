// What a software stack launches for one operator: the operators whose kernels run in its place,
// and kernels of its own before them.
#include "gpu/stack.h"

#include <algorithm>

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
  out.push_back(batchedProduct(op, planes, queries, width, keys, "weighted sum"));
  if (queries > 1 && op.dims[Dim::heads] > 1)
    out.push_back(elementwise(op, OpKind::activation, OpVariant::relu, planes * queries, width,
                              "copy of the heads"));
  return out;
}

}  // namespace

std::vector<Operator> launchedFor(const StackRules& rules, const Operator& op) {
  if (op.kind == OpKind::attention && !rules.fusedAttention) return storedScores(rules, op);
  if (op.kind == OpKind::activation && op.variant == OpVariant::gelu && rules.geluKernels > 1) {
    Operator part = op;
    part.variant = OpVariant::relu;
    return std::vector<Operator>(static_cast<std::size_t>(rules.geluKernels), part);
  }
  return {op};
}

std::optional<Kernel> quantisation(const Parameters& p, const Operator& op, const DataPath& path) {
  const StackRules& rules = p.fit.launches;
  const bool narrow = path.matrixUnit && path.operandBits <= 8 && path.operandBits > 1;
  if (op.kind != OpKind::gemm || !op.hasWeights || !narrow || rules.quantiseBytes.value.value <= 0)
    return std::nullopt;
  const double elements = static_cast<double>(op.dims[Dim::batch]) *
                          static_cast<double>(op.dims[Dim::M]) *
                          static_cast<double>(op.dims[Dim::K]);
  Kernel k;
  k.name = "quantisation of activations";
  k.start = rules.quantiseStart.value.value;
  k.dramBits = k.l2Bits = elements * rules.quantiseBytes.value.value * 8.0;
  k.dramShare = p.fit.stream.add.efficiency.value.value;
  k.vectorOps = 4.0 * elements;
  k.outputBits = elements * path.operandBits;
  k.slotsPerSm = k.parallelPerSm = 2;
  constexpr double chunk = 4096;
  k.groups = {{static_cast<std::int64_t>(elements / chunk) + 1,
               8.0 * chunk / p.vector.fp32.value.value, 0}};
  return k;
}

}  // namespace wattlas::gpu
