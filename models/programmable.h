// What processors that run any program can run.
#pragma once

#include "workloads/graph/kind.h"

namespace wattlas {

/// Every kind of operator, in every form, that a processor with kernels in software has a model
/// for: what a host and a GPU name as theirs. A kind that is missing here is refused by both.
const KindSet& programmableKinds();

}  // namespace wattlas
