// From what a run counted to its result: mix, energy, rates, races by symbol. Internal.
#pragma once

#include <cstdint>
#include <vector>

#include "pim/dpu/exec/result.h"
#include "pim/dpu/exec/runtime.h"

namespace wattlas::dpu {

/// `before`: Core::counts() when the run began; cycles, instructions and wallS are set.
void fillResult(DpuRunResult& result, const Runtime& runtime,
                const std::vector<std::uint64_t>& before, const Program& program);

}  // namespace wattlas::dpu
