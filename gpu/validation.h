// Rows of `wattlas validate gpu`: measured kernel times held out from every fit, per device, stack
// and class of kernels, at both fidelities, beside the fitted roofline.
#pragma once

#include "models/base/config.h"
#include "models/validation.h"

namespace wattlas {

/// Reads configs/validation/gpu-kernels.csv and the device files from `path`. Throws InputError.
ValidationRows gpuValidationRows(const SearchPath& path);

}  // namespace wattlas
