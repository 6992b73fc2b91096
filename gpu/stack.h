// What a software stack launches for one operator.
#pragma once

#include <optional>
#include <vector>

#include "gpu/formats.h"
#include "gpu/kernel.h"
#include "gpu/parameters.h"

namespace wattlas::gpu {

/// Operators whose kernels the stack launches for `op`, in order: `op` itself, or its parts.
std::vector<Operator> launchedFor(const StackRules& rules, const Operator& op);
/// Kernel that turns 16-bit activations into the narrow operands of `op`, if the stack has one.
std::optional<Kernel> quantisation(const Parameters& p, const Operator& op, const DataPath& path);
/// Kernel that writes the new keys and values of an attention to the cache, if the stack has one.
std::optional<Kernel> cacheWrite(const Parameters& p, const Operator& op);

}  // namespace wattlas::gpu
