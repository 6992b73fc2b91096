// Short keys of a study and the parameters they stand for.
#pragma once

#include <string>

namespace wattlas {

/// `format` -> `workload.format` and likewise prompt, generate, batch, rate; others unchanged.
std::string setKeyOf(const std::string& key);

}  // namespace wattlas
