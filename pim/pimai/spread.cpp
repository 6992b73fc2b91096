#include "pim/pimai/spread.h"

#include <algorithm>

namespace wattlas::pim {

bool isProduct(OpKind kind) {
  return kind == OpKind::gemm || kind == OpKind::conv1d || kind == OpKind::conv2d ||
         kind == OpKind::hamming || kind == OpKind::attention;
}

std::int64_t independentParts(const Operator& op) {
  const Dims& d = op.dims;
  switch (op.kind) {
    case OpKind::gemm:
    case OpKind::hamming:
      return d[Dim::N] * (op.hasWeights ? 1 : d[Dim::batch]);
    case OpKind::conv1d:
    case OpKind::conv2d:
      return d[Dim::cout];
    default:
      return std::max<std::int64_t>(1, d[Dim::M] * d[Dim::N] * d[Dim::cin]);
  }
}

const NumberFormat& storedFormat(const Operator& op) {
  if (op.kind == OpKind::attention) return op.formats.kv;
  return op.hasWeights ? op.formats.weight : op.formats.activation;
}

}  // namespace wattlas::pim
