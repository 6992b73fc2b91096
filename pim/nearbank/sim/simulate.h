// A program of kind `near-bank` run operator by operator, channels in lock-step.
#pragma once

#include "models/dram/command_log.h"
#include "pim/nearbank/device.h"

namespace wattlas::pim::nearbank {

Profile simulateChannels(const NearBankDevice& device, const NearBankProgram& program,
                         Fidelity fidelity, dram::CommandLog* commands = nullptr);

}  // namespace wattlas::pim::nearbank
