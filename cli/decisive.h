// Which assumptions decide between two designs: tornado over the common scenarios.
#pragma once

#include <string>

#include "models/uncertainty.h"

namespace wattlas {

/// Rank correlation of a / b with every parameter that either of them has, the strongest first: a
/// table of at most `rows` lines. Empty when a scenario is missing from one of the sets.
std::string decisive(const ScenarioSet& a, const ScenarioSet& b, const std::string& nameA,
                     const std::string& nameB, std::size_t rows);

}  // namespace wattlas
