// Validation rows of the arrangements of MACs in a bank: refresh of a hot die, two subarrays, eight
// banks behind one activation window.
#pragma once

#include "models/base/config.h"
#include "models/validation.h"

namespace wattlas::pim {

ValidationRows arrangementRows(const SearchPath& path);

}  // namespace wattlas::pim
