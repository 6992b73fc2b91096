// `wattlas validate explorer`: searches held against problems and spaces whose answer is known.
#pragma once

#include "cli/context.h"
#include "models/validation.h"

namespace wattlas {

ValidationRows explorerRows(const Context& context);

}  // namespace wattlas
