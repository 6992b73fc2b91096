#include "pim/sliced/spread.h"

#include <algorithm>

namespace wattlas::pim {

const KindSet& slicedKinds() {
  using enum OpKind;
  static const KindSet known =
      KindSet{gemm, conv1d, conv2d,    attention, softmax, norm,      activation,
              add,  rope,   embedding, pool,      hamming, collective}
          .withWindows()
          .with({Dim::inputs});
  return known;
}

std::int64_t independentParts(const Operator& op) {
  const Dims& d = op.dims;
  if (specOf(op.kind).product == nullptr)
    return std::max<std::int64_t>(1, d[Dim::M] * d[Dim::N] * d[Dim::cin]);
  const ProductDims product = productOf(op);
  return product.outputs * product.groups;
}

const NumberFormat& storedFormat(const Operator& op) {
  if (op.kind == OpKind::attention) return op.formats.kv;
  return op.hasWeights ? op.formats.weight : op.formats.activation;
}

}  // namespace wattlas::pim
