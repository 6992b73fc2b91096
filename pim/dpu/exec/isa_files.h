// Instruction files by id (configs/isa) or path.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pim/dpu/exec/extension.h"

namespace wattlas::dpu {

/// The instructions of all files together; null for none. Read once per process. Throws InputError:
/// no such file (naming near ids), and everything that IsaExtension::read refuses.
std::shared_ptr<const IsaExtension> loadIsa(const std::vector<std::string>& ids);

}  // namespace wattlas::dpu
