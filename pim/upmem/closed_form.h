// Closed-form times of stages: the analytic fidelity, and the bounds that no fidelity may beat.
#pragma once

#include "pim/upmem/plan.h"

namespace wattlas::pim {

/// What one stage takes, from the closed form or a simulation, and what limits it.
struct StageTime {
  Ticks time;
  Bottleneck bottleneck = Bottleneck::compute;
};

StageTime closedForm(const DpuWork& work, const Kernel& kernel, const UpmemParams& params);
StageTime closedForm(const Stage& stage, const UpmemParams& params);
Ticks lowerBound(const Stage& stage, const UpmemParams& params);

}  // namespace wattlas::pim
