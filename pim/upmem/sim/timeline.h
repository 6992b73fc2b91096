// What the banks of one chip do while a program runs, command by command, for timelines.
#pragma once

#include "models/dram/command_log.h"
#include "pim/upmem/device.h"

namespace wattlas::pim {

/// Commands of the first chip of UPMEM memory while `program` runs: MACs of the banks with all
/// their commands, DPU kernels as one DMA stretch per tile loop. Banks with the same work that
/// share nothing are shown once (bank 0). Keeps the first `most`. Empty for other devices.
dram::CommandLog bankTimeline(const Device& device, const Program& program, std::size_t most);

}  // namespace wattlas::pim
