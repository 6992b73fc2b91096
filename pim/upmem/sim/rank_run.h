// All DPUs of one rank run to their end. Plain C++.
#pragma once

#include <vector>

#include "models/dram/command_log.h"
#include "pim/upmem/plan.h"

namespace wattlas::pim {

/// Statistics of runs.
struct RankCounters {
  std::int64_t steps = 0, folded = 0, dmaBusy = 0, launches = 0, simulatedDpus = 0;
};

/// Time until the last DPU stops. `classOf`: work of each DPU (index into `kernel.classes`, -1 =
/// idle). `detailed` runs banks command by command and folds no periods. `commands` hears the first
/// DPU that works and its bank.
Ticks runRank(const Kernel& kernel, const std::vector<int>& classOf, const UpmemParams& params,
              bool detailed, RankCounters& counters, dram::CommandLog* commands = nullptr);

}  // namespace wattlas::pim
