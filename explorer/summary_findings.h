// What an exploration found out beside its fronts.
#pragma once

#include <string>

#include "explorer/explore.h"

namespace wattlas {

/// What the ladder saved, knobs without effect, refused regions; empty parts are left out.
std::string findingsText(const ExploreOutcome& outcome);

}  // namespace wattlas
