// What one channel does while a program runs, command by command, as the records of any DRAM.
#pragma once

#include "models/dram/command_log.h"
#include "pim/nearbank/channel.h"

namespace wattlas::pim::nearbank {

/// Keeps commands of a run that begins at `start`. A command to all banks, to registers or to the
/// buffer has no bank; with register files bank 0 stands for the even and bank 1 for the odd banks
/// while all of them work. Accesses to registers and buffer have no row. Keeps references.
Channel::Listener recordInto(dram::CommandLog& log, const NearBankParams& params, Ticks start);

}  // namespace wattlas::pim::nearbank
