// Runs a program in both modes and in the reference, and compares everything that must be equal.
#pragma once

#include <string>

#include "pim/dpu/exec/machine.h"

namespace wattlas::dpu::test {

/// Returns the decoupled result. Errors count as differences unless `mayFail`.
DpuRunResult expectSameInBothEngines(const Program& program, DpuRunOptions options,
                                     const std::string& what, bool mayFail = false);

}  // namespace wattlas::dpu::test
