// Commands of DRAM banks during a run, for `wattlas run --trace` and `--commands`.
#pragma once

#include "cli/context.h"
#include "models/experiment.h"
#include "pim/bank/command_trace.h"
#include "results/trace.h"

namespace wattlas {

/// Commands of the first chip of banks: for each operator of each phase its first instance, from
/// where the operator starts in `result`. Empty for devices without banks that are simulated
/// command by command.
pim::CommandTrace bankCommands(const ExperimentSpec& spec, const RunResult& result,
                               const Context& context);
std::vector<UnitSlice> slicesOf(const pim::CommandTrace& trace);
/// Writes the commands as CSV; throws InputError when there are none or the file cannot be written.
void writeCommands(const std::string& path, const pim::CommandTrace& trace);

}  // namespace wattlas
