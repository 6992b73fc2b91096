// Kernels that a GPU's libraries choose for the operators of a run.
#pragma once

#include <string>

#include "cli/context.h"
#include "models/experiment.h"

namespace wattlas {

/// Text table. Throws InputError for a device that has no kernels.
std::string kernelTable(const ExperimentSpec& spec, const Context& context);
/// `result`, the JSON object of a run, with `kernels` in each of its operators.
std::string withKernels(const std::string& result, const ExperimentSpec& spec,
                        const Context& context);

}  // namespace wattlas
