// Pareto sets of rows and how a search came to them.
#pragma once

#include "explorer/explore.h"

namespace wattlas {

/// Fills fronts, partFronts, history and bands of `outcome` from its points and traces.
void findFronts(ExploreOutcome& outcome);

/// Objectives of a feasible row (all of them for empty `which`); nothing when one is unknown.
std::optional<ObjectiveVector> objectivesOf(const Study& study, const ExploredPoint& point,
                                            const std::vector<std::size_t>& which = {});

/// The box that the hypervolumes of a workload are measured in: corners of its front, minimised.
struct FrontBox {
  ObjectiveVector ideal, reference;
  FrontBox(const Study& study, const Front& front);
  /// Share of the box that the vectors fill. An objective without extent adds nothing.
  double filledBy(const std::vector<ObjectiveVector>& vectors) const;
};

/// Different vectors of `front` that `found` holds, as a share of those of `front`; 1 for an empty
/// front.
double recallOf(const std::vector<ObjectiveVector>& front,
                const std::vector<ObjectiveVector>& found);

}  // namespace wattlas
