// Attention of few sequences and heads on many chips: the keys are cut into blocks, too.
#pragma once

#include "models/base/units.h"
#include "workloads/graph/operator.h"

namespace wattlas::pim {

/// How the keys of each sequence and key-value head are spread when there are chips to spare.
struct KeySplit {
  std::int64_t chips = 1;  ///< that share the keys of one head
  std::int64_t parts = 1;  ///< heads x sequences x chips: what is spread over all chips
  Bits partial;            ///< maxima, sums and weighted sums that meet on one chip of each head
  std::int64_t adds = 0;   ///< to combine them
  /// Share of the cache that the fullest chip holds once contexts are long: blocks go round all
  /// spare chips.
  double storedShare = 1;
};
/// `block`: keys a chip takes before the next one does.
KeySplit splitKeys(const Operator& attention, std::int64_t chips, std::int64_t block);

}  // namespace wattlas::pim
