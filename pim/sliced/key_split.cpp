#include "pim/sliced/key_split.h"

#include <algorithm>

namespace wattlas::pim {

KeySplit splitKeys(const Operator& op, std::int64_t chips, std::int64_t block) {
  const Dims& d = op.dims;
  const std::int64_t heads = d[Dim::batch] * d[Dim::kvHeads];
  const std::int64_t spare = std::max<std::int64_t>(1, chips / heads);
  const std::int64_t blocks = (visibleKeys(op) + block - 1) / block;
  KeySplit split;
  split.chips = std::clamp<std::int64_t>(blocks, 1, spare);
  split.parts = heads * split.chips;
  const std::int64_t each = (heads + chips - 1) / chips;
  split.storedShare =
      static_cast<double>(each) / static_cast<double>(heads) / static_cast<double>(spare);
  if (split.chips == 1) return split;
  // Every chip but one of a head sends a row of sums, a maximum and a total for each query.
  const std::int64_t rows = d[Dim::batch] * d[Dim::heads] * d[Dim::queries];
  split.partial =
      Bits(32.0 * static_cast<double>(rows * (split.chips - 1) * (d[Dim::headDim] + 2)));
  split.adds = rows * split.chips * d[Dim::headDim];
  return split;
}

}  // namespace wattlas::pim
