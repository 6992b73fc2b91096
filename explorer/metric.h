// What can be said about an evaluated point: names that constraints, objectives and files use.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "models/base/units.h"
#include "models/result.h"

namespace wattlas {

/// One number of a result. Names follow the result record: `time_s`, `power_peak_w`,
/// `energy_breakdown_j.link`, `decode.tokens_per_s`, `fits(device)`.
struct Metric {
  std::string name;
  std::optional<Dimension> dimension;  ///< bytes count as information
  std::string doc;
};

/// All metrics. The first `coreMetricCount` are kept for every point, the others (per phase) only
/// when a study mentions them.
std::span<const Metric> allMetrics();
inline constexpr int coreMetricCount = 23;

/// Positions of the core metrics that code names.
enum CoreMetric {
  metricTime,
  metricBound,
  metricEnergy,
  metricPowerAvg,
  metricPowerPeak,
  metricArea,
  metricWeights,
  metricPeakBytes,
  metricCapacity,
  metricAccuracy,
  metricAccuracySe,
  metricTokensPerS,
  metricEnergyPerToken,
  metricFits,
  metricBreakdown  ///< first of nine
};

/// Index of a metric, or nothing.
std::optional<int> findMetric(std::string_view name);
/// Value of a metric in a result; NaN when the result does not have it (no decode phase, area
/// unknown, infeasible). `fits(device)` is known for infeasible results too when tiers are listed.
double metricOf(const RunResult& result, int metric);

}  // namespace wattlas
