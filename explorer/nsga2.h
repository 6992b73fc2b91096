// NSGA-II over the unit cube, one generation a step (pagmo2).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
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

/// A population that is evolved with crossover 0.95 and distribution indices 10 and 50. Equal
/// seeds and fitness give equal batches.
class Nsga2 {
 public:
  /// Throws std::invalid_argument for fewer than two objectives.
  Nsga2(std::size_t dimensions, std::size_t objectives, const Nsga2Options& options);
  ~Nsga2();
  /// The Sobol start on the first call, then one generation a call. When `fitness` gives nothing,
  /// nothing has happened: the next call asks for the same batch.
  bool step(const BatchFitness& fitness);
  /// Adds individuals; the best of old and new stay (non-dominated sorting and crowding distance,
  /// as between generations). Only after the start.
  void inject(const std::vector<std::vector<double>>& points,
              const std::vector<ObjectiveVector>& values);
  std::size_t size() const;  ///< individuals
  std::vector<ObjectiveVector> objectives() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Sobol start and `generations` steps, or until `fitness` asks to stop. Returns the objectives of
/// the last complete population.
std::vector<ObjectiveVector> runNsga2(std::size_t dimensions, std::size_t objectives,
                                      const Nsga2Options& options, const BatchFitness& fitness);

}  // namespace wattlas
