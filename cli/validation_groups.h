// Which family answers which group of `wattlas validate`.
#pragma once

#include <functional>

#include "cli/context.h"
#include "models/validation.h"

namespace wattlas {

struct ValidationGroup {
  std::string name, what;
  std::function<ValidationRows(const Context&)> rows;
};

/// All groups in the order in which they are printed.
std::vector<ValidationGroup> validationGroups();

}  // namespace wattlas
