// Runs a generated kernel on the DPU executor with random data and holds its output against C++.
#pragma once

#include <cstdint>

#include "pim/dpu/exec/machine.h"
#include "pim/upmem/kernels/code.h"

namespace wattlas::pim {

/// Tiles per tasklet and elements of a tile; Writes arguments
/// and data into `machine`, which has the kernel's program loaded and may have run before, and runs
/// it. Throws std::logic_error naming the first wrong output, or what stopped it.
struct ElementRun {
  int tiles = 4, elements = 64;
};
dpu::DpuRunResult runElement(ElementKernel kernel, dpu::DpuMachine& machine, const ElementRun& size,
                             const dpu::DpuRunOptions& options);

}  // namespace wattlas::pim
