// Fit of few parameters inside their physical intervals.
#pragma once

#include <functional>
#include <vector>

namespace wattlas {

struct FitParameter {
  double value = 1, low = 1, high = 1;  ///< 0 < low <= value <= high
};
struct FitResult {
  std::vector<double> values;
  std::vector<double> low, high;  ///< where the cost is within a tenth of its least (and in bounds)
  double before = 0, after = 0;
  int evaluations = 0;
};

/// Pattern search in logarithms, never outside the bounds; deterministic. `cost` must be finite.
FitResult fitWithin(const std::vector<FitParameter>& start,
                    const std::function<double(const std::vector<double>&)>& cost,
                    int mostEvaluations);

}  // namespace wattlas
