// What one channel does while a program runs, command by command, for timelines.
#pragma once

#include "models/dram/command_log.h"
#include "pim/nearbank/device.h"

namespace wattlas::pim::nearbank {

/// Commands of the first channel (all run the same program) from the detailed model. A command to
/// all banks, to registers or to the buffer has no bank; with register files bank 0 stands for the
/// even and bank 1 for the odd banks while all of them work. Accesses to registers and buffer have
/// no row. Keeps the first `most`. Empty for other devices.
dram::CommandLog channelTimeline(const Device& device, const Program& program, std::size_t most);

}  // namespace wattlas::pim::nearbank
