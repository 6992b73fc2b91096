#include "workloads/graph/operator.h"

#include <algorithm>

#include "models/base/error.h"
#include "workloads/graph/exact.h"

namespace wattlas {

const char* nameOf(OpKind kind) {
  static constexpr const char* names[] = {
      "gemm", "conv1d", "conv2d",    "attention", "softmax", "norm",      "activation",
      "add",  "rope",   "embedding", "pool",      "hamming", "collective"};
  return names[static_cast<std::size_t>(kind)];
}

const char* nameOf(OpVariant variant) {
  static constexpr const char* names[] = {
      "none",   "rms",        "layer",      "batch",          "relu",      "gelu",
      "silu",   "silu_mul",   "tanh",       "sigmoid",        "maximum",   "average",
      "global", "all_reduce", "all_gather", "reduce_scatter", "all_to_all"};
  return names[static_cast<std::size_t>(variant)];
}

const char* nameOf(Dim dim) {
  static constexpr const char* names[] = {
      "M",        "N",       "K",      "batch",         "cin",
      "cout",     "height",  "width",  "kernel_height", "kernel_width",
      "stride",   "pad",     "groups", "heads",         "kv_heads",
      "head_dim", "queries", "keys",   "pad_end"};
  return dim == Dim::count_ ? "" : names[static_cast<std::size_t>(dim)];
}

std::int64_t outputLength(std::int64_t length, std::int64_t kernel, std::int64_t stride,
                          std::int64_t pad, std::int64_t padEnd) {
  if (length < 1 || kernel < 1 || stride < 1 || pad < 0 || padEnd < 0 ||
      length > Exact::limit / 4 || pad > Exact::limit / 8 || padEnd > Exact::limit / 8)
    throw InputError("a window of " + std::to_string(kernel) + " with stride " +
                         std::to_string(stride) + " over " + std::to_string(length) + " samples",
                     "length, kernel and stride of at least 1 and padding of at least 0");
  const std::int64_t padded = length + 2 * pad + padEnd;
  if (kernel > padded)
    throw InputError("the kernel of " + std::to_string(kernel) + " is longer than the input of " +
                         std::to_string(padded) + " (padding included)",
                     "a kernel of at most " + std::to_string(padded));
  return (padded - kernel) / stride + 1;
}

std::int64_t outputHeight(const Operator& op) {
  const Dims& d = op.dims;
  if (op.kind != OpKind::conv2d && op.kind != OpKind::pool) return 1;
  // A pool over a signal has height 1 and no padding along it.
  if (op.kind == OpKind::pool && d[Dim::height] == 1 && d[Dim::kernelHeight] == 1) return 1;
  return outputLength(d[Dim::height], d[Dim::kernelHeight], d[Dim::stride], d[Dim::pad],
                      d[Dim::padEnd]);
}

std::int64_t outputWidth(const Operator& op) {
  const Dims& d = op.dims;
  if (op.kind != OpKind::conv1d && op.kind != OpKind::conv2d && op.kind != OpKind::pool) return 1;
  return outputLength(d[Dim::width], d[Dim::kernelWidth], d[Dim::stride], d[Dim::pad],
                      d[Dim::padEnd]);
}

std::int64_t attentionPairs(const Operator& op) {
  const std::int64_t queries = op.dims[Dim::queries], keys = op.dims[Dim::keys];
  const std::int64_t window = op.window > 0 ? std::min(op.window, keys) : keys;
  if (!op.causal) return Exact(queries) * window;
  if (queries > keys)
    throw InputError("attention '" + op.name + "' has " + std::to_string(queries) +
                         " queries but only " + std::to_string(keys) + " keys",
                     "keys that include the tokens of the queries");
  // Query i = 1..q sees min(cached + i, window) keys.
  const std::int64_t cached = keys - queries;
  const std::int64_t growing = std::clamp<std::int64_t>(window - cached, 0, queries);
  return Exact(growing) * cached + triangle(growing) + Exact(queries - growing) * window;
}

std::int64_t visibleKeys(const Operator& op) {
  const std::int64_t keys = op.dims[Dim::keys];
  if (op.window <= 0 || op.window >= keys) return keys;
  return std::min<std::int64_t>(keys, Exact(op.dims[Dim::queries]) + (op.window - 1));
}

Operator atStep(const Operator& op, std::int64_t step) {
  Operator moved = op;
  if (!op.growsWithContext) return moved;
  std::int64_t& keys = moved.dims[Dim::keys];
  keys += step;
  if (op.window > 0) keys = std::min(keys, op.window);
  return moved;
}

namespace {

void hashFormat(Hasher& hasher, const NumberFormat& format) {
  hasher.integer(static_cast<int>(format.kind)).integer(format.bits).real(format.nominalBits);
  hasher.integer(format.exponentBits).integer(format.mantissaBits);
}

}  // namespace

Hash128 hashOf(const Operator& op) {
  Hasher hasher;
  hasher.integer(static_cast<int>(op.kind)).integer(static_cast<int>(op.variant));
  for (int d = 0; d < static_cast<int>(Dim::count_); ++d)
    hasher.integer(op.dims[static_cast<Dim>(d)]);
  for (const NumberFormat* format :
       {&op.formats.weight, &op.formats.activation, &op.formats.kv, &op.formats.accumulator,
        &op.formats.gradient, &op.formats.optimizer})
    hashFormat(hasher, *format);
  hasher.integer(static_cast<int>(op.weightSparsity.pattern)).real(op.weightSparsity.density);
  hasher.integer(op.weightSparsity.n).integer(op.weightSparsity.m);
  hasher.integer((op.hasWeights ? 1 : 0) | (op.hasBias ? 2 : 0) | (op.causal ? 4 : 0) |
                 (op.growsWithContext ? 8 : 0) | (op.cached ? 16 : 0) | (op.foldedNorm ? 32 : 0));
  hasher.integer(op.window);
  return hasher.finish();
}

}  // namespace wattlas
