// The instruction-level DPU against hardware, the PrIM study and a public peer simulator: rows of
// group `upmem` for `wattlas validate`.
#pragma once

#include "models/base/config.h"
#include "models/validation.h"

namespace wattlas::dpu {

/// Runs all comparisons (about 300 million simulated instructions). Reads validation/upmem-*.csv
/// and kernels/dpu/*.s below `path`; throws InputError when one is missing or a kernel fails.
ValidationRows upmemValidationRows(const SearchPath& path);

}  // namespace wattlas::dpu
