// Shape of a transformer: the keys of `generator: transformer`.
#pragma once

#include <cstdint>
#include <string>

#include "models/base/parameter.h"

namespace wattlas {

struct TransformerSpec {
  std::int64_t hidden = 0, layers = 0, heads = 0, kvHeads = 0, headDim = 0, ffn = 0, vocabulary = 0;
  std::int64_t positionRows = 0, positionOffset = 0, typeRows = 0;
  std::int64_t wordWidth = 0, window = 0, context = 0;
  std::int64_t experts = 0, expertsActive = 0;
  std::string activation, norm, normPlace, positions, architecture;
  bool gated = false, bias = false, tied = false, finalNorm = false, embeddingNorm = false;
  bool subNorms = false, pooler = false;

  void bind(Binder& binder);
  bool encoder() const { return architecture == "encoder"; }
  /// Outputs of the fused query, key and value projection.
  std::int64_t qkvWidth() const { return (heads + 2 * kvHeads) * headDim; }
};

}  // namespace wattlas
