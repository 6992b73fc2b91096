#include "workloads/graph/operator.h"

#include <algorithm>

#include "models/base/error.h"
#include "workloads/graph/exact.h"

namespace wattlas {

std::int64_t outputLength(std::int64_t length, std::int64_t kernel, std::int64_t stride,
                          std::int64_t pad, std::int64_t padEnd, std::int64_t dilation) {
  const std::int64_t most = Exact::limit / 8;
  if (length < 1 || kernel < 1 || stride < 1 || dilation < 1 || pad < 0 || padEnd < -pad ||
      length > most || pad > most || padEnd > most)
    throw InputError("a window of " + std::to_string(kernel) + " with stride " +
                         std::to_string(stride) + " over " + std::to_string(length) + " samples",
                     "length, kernel, stride and dilation of at least 1 and padding of at least 0");
  const std::int64_t padded = length + 2 * pad + padEnd;
  const std::int64_t reach = Exact(kernel - 1) * dilation + 1;
  if (reach > padded)
    throw InputError("the kernel of " + std::to_string(reach) + " is longer than the input of " +
                         std::to_string(padded) + " (padding included)",
                     "a kernel of at most " + std::to_string(padded));
  return (padded - reach) / stride + 1;
}

namespace {

struct AxisDims {
  Dim length, kernel, stride, dilation, pad, padEnd, out;
};

const AxisDims& dimsOf(Axis axis) {
  using enum Dim;
  static constexpr AxisDims all[] = {
      {depth, kernelDepth, strideDepth, dilationDepth, padDepth, padEndDepth, outDepth},
      {height, kernelHeight, strideHeight, dilationHeight, padHeight, padEndHeight, outHeight},
      {width, kernelWidth, stride, dilation, pad, padEnd, outWidth}};
  return all[static_cast<std::size_t>(axis)];
}

/// Whether the window moves along the axis: a signal has no height, an image no depth.
bool moves(const Operator& op, Axis axis) {
  switch (op.kind) {
    case OpKind::conv1d:
      return axis == Axis::width;
    case OpKind::conv2d:
      return axis != Axis::depth;
    case OpKind::conv3d:
      return true;
    case OpKind::pool:
    case OpKind::poolGradient:
    case OpKind::convGradient:
    case OpKind::convTranspose: {
      // Of one with fewer axes the others are 1, without padding.
      const AxisDims& d = dimsOf(axis);
      return axis == Axis::width || op.dims[d.length] > 1 || op.dims[d.kernel] > 1;
    }
    default:
      return false;
  }
}

std::int64_t outputAlong(const Operator& op, Axis axis) {
  const bool given =
      op.kind == OpKind::upsample || (op.kind == OpKind::pool && op.variant == OpVariant::adaptive);
  if (given) return op.dims[dimsOf(axis).out];
  if (!moves(op, axis)) return 1;
  const WindowAxis w = windowAxis(op, axis);
  if (op.kind != OpKind::convTranspose)
    return outputLength(w.length, w.kernel, w.stride, w.begin, w.end - w.begin, w.dilation);
  const std::int64_t length = Exact(w.length - 1) * w.stride + Exact(w.kernel - 1) * w.dilation +
                              1 + op.dims[Dim::outputPad];
  if (length <= w.begin + w.end)
    throw InputError("a transposed convolution of " + std::to_string(length) + " outputs crops " +
                         std::to_string(w.begin + w.end),
                     "less padding");
  return length - w.begin - w.end;
}

}  // namespace

WindowAxis windowAxis(const Operator& op, Axis axis) {
  const AxisDims& d = dimsOf(axis);
  WindowAxis w;
  if (!moves(op, axis)) return w;
  w.length = op.dims[d.length];
  w.kernel = op.dims[d.kernel];
  w.stride = op.dims[d.stride] > 0 ? op.dims[d.stride] : op.dims[Dim::stride];
  w.dilation = op.dims[d.dilation] > 0 ? op.dims[d.dilation] : op.dims[Dim::dilation];
  const bool own = op.dims[d.pad] >= 0;
  w.begin = op.dims[own ? d.pad : Dim::pad];
  w.end = w.begin + op.dims[own ? d.padEnd : Dim::padEnd];
  return w;
}

std::int64_t outputDepth(const Operator& op) {
  return outputAlong(op, Axis::depth);
}
std::int64_t outputHeight(const Operator& op) {
  return outputAlong(op, Axis::height);
}
std::int64_t outputWidth(const Operator& op) {
  return outputAlong(op, Axis::width);
}

std::int64_t cachedValues(const Operator& op) {
  if (op.dims[Dim::latent] > 0) return op.dims[Dim::latent];
  return Exact(op.dims[Dim::kvHeads]) * (Exact(op.dims[Dim::headDim]) + valueDim(op));
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
  // A decode step adds a key; a chunk of a long prompt as many as it has queries.
  keys += step * op.dims[Dim::queries];
  if (op.window > 0) keys = std::min<std::int64_t>(keys, op.window + op.dims[Dim::queries] - 1);
  return moved;
}

namespace {

void hashFormat(Hasher& hasher, const NumberFormat& format) {
  hasher.integer(static_cast<int>(format.kind)).integer(format.bits).real(format.nominalBits);
  hasher.integer(format.exponentBits).integer(format.mantissaBits);
  if (format.coding != Coding::plain || format.group > 0)
    hasher.integer(static_cast<int>(format.coding)).integer(format.group).real(format.groupBits);
}

}  // namespace

Hash128 hashOf(const Operator& op) {
  Hasher hasher;
  hasher.integer(static_cast<int>(op.kind)).integer(static_cast<int>(op.variant));
  // Rare dimensions only when they say something: most operators have none of them.
  for (int d = 0; d < static_cast<int>(Dim::count_); ++d) {
    const Dim dim = static_cast<Dim>(d);
    if (dim <= Dim::padEnd)
      hasher.integer(op.dims[dim]);
    else if (op.dims[dim] != Dims::standardOf(dim))
      hasher.integer(d).integer(op.dims[dim]);
  }
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
