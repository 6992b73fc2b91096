// The family's way into a registry.
#pragma once

#include <memory>

#include "models/registry.h"

namespace wattlas {

/// Adds the device kinds `upmem` and `pim-ai`.
void registerPim(Registry& registry);

}  // namespace wattlas
