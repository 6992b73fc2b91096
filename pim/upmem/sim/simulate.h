// A program of kind `upmem` run stage by stage: transfers of the host, kernels of all ranks.
#pragma once

#include <vector>

#include "models/dram/command_log.h"
#include "pim/upmem/device.h"

namespace wattlas::pim {

/// Ranks with the same composition of work; `ranks` of them.
struct RankPattern {
  std::vector<int> classOf;  ///< per DPU, -1 = idle
  std::int64_t ranks = 0;
};
/// Lays the classes of a kernel over the ranks, DPU by DPU, and groups equal ranks.
std::vector<RankPattern> patternsOf(const Kernel& kernel, const UpmemParams& params, bool fold);

/// `commands` hears the first chip: DPU kernels as one DMA stretch for each loop over tiles, at
/// `detailed` also all commands of MACs in the banks. Equal banks that share nothing are told once.
Profile simulateRanks(const UpmemDevice& device, const UpmemProgram& program, Fidelity fidelity,
                      dram::CommandLog* commands = nullptr);

}  // namespace wattlas::pim
