// What any part of a computer can have. A number outside is a slip of the pen, and arithmetic on it
// ends in infinities.
#pragma once

#include <optional>
#include <string>

#include "models/base/units.h"

namespace wattlas {

/// Nothing when a value of `dimension` (in base units) is possible, otherwise what is expected.
std::optional<std::string> impossibleMagnitude(double value, Dimension dimension);

}  // namespace wattlas
