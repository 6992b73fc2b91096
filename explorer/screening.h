// Fidelity multi-fidelity screening: screen everything in closed form, simulate only what the
// measured error of the closed form leaves a chance of being on a front.
//
//   1. every point of the plan at `analytic`
//   2. a calibration sample sample per workload and platform at the study's fidelity; the ratios of
//   the two
//      levels, objective by objective, are the error band of the group. Its second half is left out
//      for a platform that is far behind all others even if the band were four times too narrow
//   3. of the points that no simulated point dominates even at the kind end of their band, those
//      best at the middle of it are simulated; bands are measured anew from all pairs; again,
//      until no point with a chance is left.
//
// Only simulated points rule others out, so the front is missed only by a point whose error lies
// outside its group's band.
#pragma once

#include "explorer/explore.h"

namespace wattlas {

/// How far the two levels differ in one objective over the pairs of a group.
struct ErrorBand {
  double low = 1, middle = 1, high = 1;  ///< ratio to analytic: widened ends and the median
  bool bounded = true;                   ///< false: signs or zeros differ, nothing can be said
};

/// Band of ratios: the observed range, widened on both sides by twice the mean distance of its
/// sorted values (a value beyond the largest of n lies one such distance away on average).
ErrorBand bandOf(const std::vector<double>& analytic, const std::vector<double>& simulated);

/// What the multi-fidelity screening measured over the points of `plan` that have rows at both
/// levels.
ScreeningReport screeningReport(const Study& study, const RowLookup& rows,
                                const std::vector<DesignPoint>& plan);

}  // namespace wattlas
