// Searches against known answers, as validation rows.
#pragma once

#include "explorer/search_quality.h"
#include "models/validation.h"

namespace wattlas {

/// NSGA-II on ZDT1, ZDT2 (25,000 evaluations) and ZDT4 (50,000), worst of five seeds: hypervolume
/// of the last population over that of the true front.
ValidationRows zdtRows();
/// NSGA-II with 400 evaluations on an exhaustive outcome: worst hypervolume and worst recall of
/// five seeds.
ValidationRows searchRows(const std::string& study, const ExploreOutcome& whole);
/// A fidelity multi-fidelity screening replayed on exhaustive rows of both levels: recall and
/// simulations saved.
ValidationRows screeningRows(const std::string& study, const ExploreOutcome& simulated,
                             const ExploreOutcome& analytic, std::int64_t calibrationSample);

}  // namespace wattlas
