// Reference tables of this room: comma separated, `#` comments, first row = names.
#pragma once

#include <string>
#include <vector>

#include "models/base/config.h"

namespace wattlas::dpu {

/// Rows without the header, each with `columns` cells; a cell holds no comma. Throws InputError for
/// a missing file or a row of another length.
std::vector<std::vector<std::string>> readTable(const SearchPath& path, const std::string& part,
                                                std::size_t columns);
/// Throws InputError when it is no number.
double numberOf(const std::string& cell);

}  // namespace wattlas::dpu
