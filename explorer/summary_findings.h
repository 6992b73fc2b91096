// What an exploration found out beside its fronts.
#pragma once

#include <string>

#include "explorer/explore.h"

namespace wattlas {

/// What the multi-fidelity screening saved, design parameters without effect, infeasible groups;
/// empty parts are left out.
std::string findingsText(const ExploreOutcome& outcome);

}  // namespace wattlas
