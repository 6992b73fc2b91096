// Commands of DRAM banks during a run, for `wattlas run --trace` and `--commands`.
#pragma once

#include "cli/context.h"
#include "models/dram/command_log.h"
#include "models/experiment.h"
#include "results/trace.h"

namespace wattlas {

/// Commands of the first chip of banks (UPMEM) or of the first channel (near-bank designs): for
/// each operator of each phase its first instance, from where the operator starts in `result`.
/// Empty for devices without banks that are simulated command by command.
dram::CommandLog bankCommands(const ExperimentSpec& spec, const RunResult& result,
                              const Context& context);
std::vector<UnitSlice> slicesOf(const dram::CommandLog& log);
/// Writes the commands as CSV; throws InputError when there are none or the file cannot be written.
void writeCommands(const std::string& path, dram::CommandLog& log);

}  // namespace wattlas
