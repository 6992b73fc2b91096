// Figures of merit of one DPU, measured by running the microbenchmarks of configs/kernels/dpu.
#pragma once

#include <string>
#include <vector>

#include "pim/dpu/exec/options.h"
#include "pim/dpu/kernels/prim.h"

namespace wattlas::dpu {

/// Names of the figures that figureOf() knows, such as "throughput-int32-add".
std::vector<std::string> figureNames();
/// Runs what the figure needs. Units: throughput MOPS, bandwidths MB/s (read and written bytes, MB
/// = 1e6 bytes), compat cycles, power W. Throws InputError for an unknown name or a failed run.
double figureOf(const std::string& name, KernelLibrary& library, const DpuTiming& timing = {});

/// Cycles of one transfer of `bytes` seen by a single tasklet: difference of two runs.
double transferCycles(unsigned bytes, bool write, KernelLibrary& library,
                      const DpuTiming& timing = {});
/// Cycles per ALU instruction of one tasklet: difference of two runs.
double cyclesPerInstruction(KernelLibrary& library);

}  // namespace wattlas::dpu
