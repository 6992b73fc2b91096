// Comparisons of memories whose banks multiply, for `wattlas validate banks`.
#pragma once

#include "models/base/config.h"
#include "models/validation.h"

namespace wattlas::pim::nearbank {

ValidationRows validationRows(const SearchPath& path);

}  // namespace wattlas::pim::nearbank
