// How good a search is, held against the whole space: replays searches on rows that are all known.
#pragma once

#include <vector>

#include "explorer/explore.h"

namespace wattlas {

/// One search of one workload against the exhaustive answer.
struct SearchQuality {
  std::string workload, method;
  std::uint64_t seed = 0;
  std::size_t evaluations = 0;       ///< different designs looked at
  double hypervolume = 0;            ///< over that of the whole space, in the box of `whole`
  std::size_t found = 0, front = 0;  ///< different objective vectors of the true front
};

/// Replays `seeds` searches of `budget` evaluations a workload by NSGA-II (and, to compare with,
/// Sobol and random samples of the same size) on an exhaustive outcome. Nothing is evaluated.
std::vector<SearchQuality> searchQuality(const ExploreOutcome& whole, std::size_t budget,
                                         std::size_t seeds);
/// Table of it: every NSGA-II search, the worst of each method at the end of a workload.
std::string printQuality(const std::vector<SearchQuality>& rows);

/// What a multi-fidelity screening would have simulated, replayed on exhaustive rows of both
/// levels.
struct ScreeningQuality {
  std::string workload;
  std::size_t points = 0, simulated = 0;
  std::size_t found = 0, front = 0;  ///< different objective vectors of the true front
};
/// `simulated` and `analytic` are exhaustive outcomes of one study at its own fidelity and at
/// analytic. One row a workload.
std::vector<ScreeningQuality> screeningQuality(const ExploreOutcome& simulated,
                                               const ExploreOutcome& analytic,
                                               std::int64_t calibrationSample);
std::string printQuality(const std::vector<ScreeningQuality>& rows);

}  // namespace wattlas
