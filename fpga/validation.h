// Rows of `wattlas validate fpga`: boards, RTL simulations, synthesis reports, golden values of the
// generators. The references are data: configs/validation/fpga.csv and fpga-synth.csv.
#pragma once

#include "models/base/config.h"
#include "models/validation.h"

namespace wattlas::fpga {

/// Runs every comparison. `path` finds configs, workloads and the reference files.
/// Throws InputError when a file is missing or malformed.
ValidationRows validationRows(const SearchPath& path);

}  // namespace wattlas::fpga
