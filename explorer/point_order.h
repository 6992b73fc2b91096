// In which order workers should look at points, so that what points have in common is made once.
#pragma once

#include <span>
#include <vector>

#include "explorer/space.h"

namespace wattlas {

/// Positions of `points` in the order of work, and where the part of each worker begins in it.
struct PointOrder {
  std::vector<std::size_t> order;
  std::vector<std::size_t> parts;  ///< one begin per worker, rising; the first is 0
};

/// Networks that a worker keeps cached where networks come first.
inline constexpr std::size_t networksAtOnce = 16;

/// Those with the same platform side by side; for closed forms, when there are many more networks
/// than platforms, within blocks of a few networks: neighbours have most operators in common, and
/// what is known of them on a platform stays in the processor's caches. Otherwise in their order.
/// Parts are about equal; when networks come first, a worker meets as few platforms as possible.
PointOrder affinityOrder(const Study& study, std::span<const DesignPoint> points,
                         std::size_t workers = 1);
/// Whether the points of a whole space come in such blocks.
bool inNetworkBlocks(const Study& study);

}  // namespace wattlas
