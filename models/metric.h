// The metrics of a result: each registered once, by its name, with unit, meaning and formula.
// Columns of files, axes of plots, the report page, objectives and constraints of studies all come
// from here.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/base/units.h"
#include "models/result.h"

namespace wattlas {

enum class Better { less, more, neither };
const char* nameOf(Better better);

/// One number of a result. Names follow the result record: `time_s`, `power_peak_w`,
/// `energy_breakdown_j.link`, `decode.tokens_per_s`, `fits(device)`.
struct Metric {
  std::string name;
  std::string unit;                    ///< as in files: "s", "J", "B", "1/s"; "1" = a plain number
  std::optional<Dimension> dimension;  ///< of expressions; bytes count as information
  std::string label;                   ///< a word or two, for axes and cards
  std::string meaning;
  std::string when;  ///< which results have it
  Better better = Better::less;
  bool ofInfeasible =
      false;  ///< says something about the design itself, so infeasible points keep it
  std::function<double(const RunResult&)> value;  ///< NaN = the result does not have it
  std::string phase = {};  ///< that a workload must have; empty = any workload
};

/// All metrics. The first `coreMetricCount` are kept for every point, the others (one phase alone)
/// only when a study mentions them.
std::span<const Metric> allMetrics();
const Metric& metricAt(int metric);
inline constexpr int coreMetricCount = 29;
/// The first of them are columns of the contract's CSV, in its order.
inline constexpr int contractMetricCount = 7;

/// Positions of the metrics that code names.
enum CoreMetric {
  metricTime,
  metricEnergy,
  metricPowerAvg,
  metricPowerPeak,
  metricArea,
  metricAccuracy,
  metricAccuracySe,
  metricEdp,
  metricTokensPerS,
  metricEnergyPerToken,
  metricTtft,
  metricTpot,
  metricBound,
  metricHostShare,
  metricWeights,
  metricPeakBytes,
  metricCapacity,
  metricFits,
  metricInferencesPerS,
  metricEnergyPerInference,
  metricBreakdown  ///< first of nine
};

/// Shorter names and what they stand for.
std::span<const std::pair<const char*, CoreMetric>> metricAliases();
/// Index of a metric, or nothing; `edp`, `ttft` and `tpot` are short for the names with their unit.
std::optional<int> findMetric(std::string_view name);
/// Value of a metric in a result; NaN when the result does not have it (no decode phase, area
/// unknown, infeasible).
double metricOf(const RunResult& result, int metric);

}  // namespace wattlas
