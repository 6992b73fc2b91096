// `wattlas dpu launch`: a set of DPUs by a specification file.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace wattlas {

void addDpuLaunch(CLI::App& dpu, Context& context);

}  // namespace wattlas
