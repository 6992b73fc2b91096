// In which order workers should look at points, so that what points have in common is made once.
#pragma once

#include <span>
#include <vector>

#include "explorer/space.h"

namespace wattlas {

/// Positions of `points`, those with the same platform side by side; for closed forms, those with
/// the same network when there are many more networks than platforms. Otherwise in their order.
std::vector<std::size_t> affinityOrder(const Study& study, std::span<const DesignPoint> points);

/// Whether the points of a whole space come network by network in that order.
bool networkByNetwork(const Study& study);

}  // namespace wattlas
