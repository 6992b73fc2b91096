// A program of kind `upmem` run stage by stage: transfers of the host, kernels of all ranks.
#pragma once

#include <vector>

#include "pim/upmem/device.h"

namespace wattlas::pim {

/// Ranks with the same composition of work; `ranks` of them.
struct RankPattern {
  std::vector<int> classOf;  ///< per DPU, -1 = idle
  std::int64_t ranks = 0;
};
/// Lays the classes of a kernel over the ranks, DPU by DPU, and groups equal ranks.
std::vector<RankPattern> patternsOf(const Kernel& kernel, const UpmemParams& params, bool fold);

Profile simulateRanks(const UpmemDevice& device, const UpmemProgram& program, Fidelity fidelity);

}  // namespace wattlas::pim
