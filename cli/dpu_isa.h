// wattlas dpu isa-report | isa-export | kernels | layers
#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace wattlas {

void addDpuIsa(CLI::App& dpu, Context& context);
void addDpuLayers(CLI::App& dpu, Context& context);
void addDpuKernels(CLI::App& dpu, Context& context);

}  // namespace wattlas
