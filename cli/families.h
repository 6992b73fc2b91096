// The one place that knows every device family.
#pragma once

#include "models/registry.h"

namespace wattlas {

/// Adds the kinds of all families. A new family is a folder and one line here.
void registerFamilies(Registry& registry);

}  // namespace wattlas
