// The search path of this process, for readers far below the command line (kernels and instruction
// files of a device).
#pragma once

#include "models/base/config.h"

namespace wattlas {

/// What setDataPath() gave; before that WATTLAS_PATH and the source tree.
const SearchPath& dataPath();
/// Once, before devices are made.
void setDataPath(SearchPath path);

}  // namespace wattlas
