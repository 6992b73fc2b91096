// Dominance and fronts. All objectives are minimised here (objectiveOf() turns them).
#pragma once

#include <cstddef>
#include <vector>

namespace wattlas {

using ObjectiveVector = std::vector<double>;

/// a is nowhere worse and somewhere better than b. Compares the values as they are: round first.
bool dominates(const ObjectiveVector& a, const ObjectiveVector& b);

/// Positions of the non-dominated vectors, ascending. Equal vectors are all kept. Vectors holding a
/// NaN never belong to the front.
std::vector<std::size_t> paretoFront(const std::vector<ObjectiveVector>& vectors);

/// Exact volume between the vectors and `reference` (pagmo2; any number of objectives).
/// Vectors that do not beat the reference everywhere add nothing.
double hypervolume(const std::vector<ObjectiveVector>& vectors, const ObjectiveVector& reference);

}  // namespace wattlas
