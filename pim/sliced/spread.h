// How the work of an operator spreads over equal units, such as chips.
#pragma once

#include <cstdint>

#include "workloads/graph/kind.h"

namespace wattlas::pim {

/// Kinds that units with slices of tensors run.
const KindSet& slicedKinds();
/// Parts of an operator's output that different units can make without each other.
std::int64_t independentParts(const Operator& op);

/// Format of the operand that units hold: keys and values, weights, or a second activation.
const NumberFormat& storedFormat(const Operator& op);

}  // namespace wattlas::pim
