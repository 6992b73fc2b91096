// A GPU program run by waves of CTAs, from one change of a cohort's state to the next.
#pragma once

#include "gpu/device.h"

namespace wattlas::gpu {

Profile simulateWaves(const Gpu& device, const GpuProgram& program);

}  // namespace wattlas::gpu
