// Kernels of a device instruction by instruction: what a proposal for new ones looks at.
#pragma once

#include <vector>

#include "pim/dpu/exec/fusion.h"
#include "pim/upmem/kernels/executed_kernels.h"
#include "workloads/graph/workload.h"

namespace wattlas::pim {

/// The kernels that `workload` uses, each weighted by its instructions there; without a workload
/// every kernel, all alike. Executed with one tasklet, loops as they are (nothing unrolled).
std::vector<dpu::ExecutedProgram> executedPrograms(const Workload* workload, KernelSetting setting);

}  // namespace wattlas::pim
