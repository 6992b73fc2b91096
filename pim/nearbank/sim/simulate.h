// A program of kind `near-bank` run operator by operator, channels in lock-step.
#pragma once

#include "models/dram/command_log.h"
#include "pim/nearbank/device.h"

namespace wattlas::pim::nearbank {

/// `commands` hears the first channel. A command to all banks, to registers or to the buffer has no
/// bank; with register files bank 0 stands for the even and bank 1 for the odd banks while all of
/// them work. Accesses to registers and buffer have no row.
Profile simulateChannels(const NearBankDevice& device, const NearBankProgram& program,
                         Fidelity fidelity, dram::CommandLog* commands = nullptr);

}  // namespace wattlas::pim::nearbank
