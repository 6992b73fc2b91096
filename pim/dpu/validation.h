// The instruction-level DPU against hardware, the PrIM study and a public peer simulator: rows of
// group `upmem` for `wattlas validate`.
#pragma once

#include "models/base/config.h"
#include "models/validation.h"
#include "pim/dpu/exec/launch.h"

namespace wattlas::dpu {

/// Runs all comparisons (about 300 million simulated instructions). Reads validation/upmem-*.csv
/// and kernels/dpu/*.s below `path`; throws InputError when one is missing or a kernel fails.
/// `launch`: constants of the shipped device.
ValidationRows upmemValidationRows(const SearchPath& path, const LaunchModel& launch);

}  // namespace wattlas::dpu
