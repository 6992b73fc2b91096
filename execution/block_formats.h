// Formats whose values are reals: minifloats with a scale, blocks that share one, code tables.
#pragma once

#include "execution/weight_format.h"

namespace wattlas {

/// Weights rounded to `format`, which is replaced by what rows that no block divides fall back to.
std::vector<float> roundedReals(WeightFormat& format, const std::vector<float>& weights,
                                std::int64_t rows, std::int64_t columns);
/// Bits of `values` in one of the block codes from nf4 on.
double blockBits(WeightCode code, std::int64_t values);

}  // namespace wattlas
