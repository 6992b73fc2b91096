// Comparisons of this family for `wattlas validate`.
#pragma once

#include "models/base/config.h"
#include "models/validation.h"

namespace wattlas::pim {

/// Group `banks`: the peak table of MACs at the sense amplifiers, refresh loss, PIM-AI.
ValidationRows validateBanks(const SearchPath& path);
/// Group `upmem`: the host transfer model at its measured points.
ValidationRows validateUpmem(const SearchPath& path);

}  // namespace wattlas::pim
