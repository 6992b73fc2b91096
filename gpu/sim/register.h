// The GPU family's way into a registry.
#pragma once

#include "models/registry.h"

namespace wattlas {

/// Adds the device kind `gpu`.
void registerGpu(Registry& registry);

}  // namespace wattlas
