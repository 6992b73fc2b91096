// The GPU family as the command line registers it: plain half plus event model.
#pragma once

#include "models/registry.h"

namespace wattlas {

/// Adds the device kind `gpu`.
void registerGpu(Registry& registry);

}  // namespace wattlas
