// wattlas dpu isa-report | isa-export
#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace wattlas {

void addDpuIsa(CLI::App& dpu, Context& context);

}  // namespace wattlas
