// NSGA-II over the unit cube, one generation a step (pagmo2).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "explorer/pareto.h"

namespace wattlas {

struct Nsga2Options {
  std::size_t population = 100;  ///< rounded up to a multiple of 4, at least 8
  std::size_t generations = 250;
  std::uint64_t seed = 1;
  /// Decision variables that are mutated on average; pagmo's probability is this over n.
  double mutations = 1.0;
};

/// Objectives (minimised, finite) of a batch of points in [0, 1]^n; nothing asks to stop.
using BatchFitness = std::function<std::optional<std::vector<ObjectiveVector>>(
    const std::vector<std::vector<double>>& points)>;

/// Starts from a Sobol sample and evolves `generations` times with crossover 0.95, distribution
/// indices 10 and 50. Returns the objectives of the last population. Equal seeds and fitness give
/// equal batches. Throws std::invalid_argument for fewer than two objectives.
std::vector<ObjectiveVector> runNsga2(std::size_t dimensions, std::size_t objectives,
                                      const Nsga2Options& options, const BatchFitness& fitness);

}  // namespace wattlas
