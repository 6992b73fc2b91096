// Rows of `wattlas validate banks` about plain DRAM: one set for each specification.
#pragma once

#include "models/base/config.h"
#include "models/validation.h"

namespace wattlas::dram {

/// Peak bandwidth, refresh loss, latency of an unloaded read, random rows, event against detailed.
ValidationRows dramValidationRows(const SearchPath& path);

}  // namespace wattlas::dram
