// A program of kind `near-bank` run operator by operator, channels in lock-step.
#pragma once

#include "pim/nearbank/device.h"

namespace wattlas::pim::nearbank {

Profile simulateChannels(const NearBankDevice& device, const NearBankProgram& program,
                         Fidelity fidelity);

}  // namespace wattlas::pim::nearbank
