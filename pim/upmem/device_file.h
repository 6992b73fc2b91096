// A device file of kind upmem read outside an experiment, and what the DPU library takes from it:
// `dpu run`, validation and the kernels of the device all get their constants here.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/base/config.h"
#include "pim/dpu/exec/timing.h"
#include "pim/upmem/parameters.h"

namespace wattlas::pim {

/// Throws InputError: no such device, not of kind upmem, or a bad value.
UpmemParams loadUpmem(const SearchPath& path, const std::string& id,
                      const std::vector<std::pair<std::string, std::string>>& sets = {});

dpu::DpuTiming timingOf(const UpmemParams& params);
dpu::LaunchModel launchModelOf(const UpmemParams& params);

}  // namespace wattlas::pim
