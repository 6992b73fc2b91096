// From an experiment to its result, in this process or in children.
#pragma once

#include <vector>

#include "cli/context.h"
#include "models/simulate.h"

namespace wattlas {

/// In this process. At most one experiment of a process may need SystemC.
RunResult evaluateHere(const ExperimentSpec& spec, const Context& context);

/// One after the other; those that need SystemC each in a child process.
std::vector<RunResult> evaluateEach(const std::vector<ExperimentSpec>& specs,
                                    const Context& context);

}  // namespace wattlas
