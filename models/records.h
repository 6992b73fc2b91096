// What an exploration says, as plain rows: the explorer fills them, files keep them, tables, plots
// and reports show them.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "models/metric.h"

namespace wattlas {

/// A number that a row may lack (an infeasible point, an unknown area).
inline constexpr double missing = std::numeric_limits<double>::quiet_NaN();

constexpr std::array<double, coreMetricCount> noMetrics() {
  std::array<double, coreMetricCount> none{};
  none.fill(missing);
  return none;
}

struct PointRow {
  std::string id;  ///< content id of the point
  std::string platform, workload, format;
  /// Design parameters in the study's order with the text of their value; an inactive design
  /// parameter is left out. Design parameters that are columns anyway (`platform`, `workload`,
  /// `format`, ...) need not be here.
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string fidelity, scope;
  std::string device;  ///< what ran the operators: "device", "host", "device+host"; empty = nothing
  /// The metrics of every point, by their position in the registry.
  std::array<double, coreMetricCount> metrics = noMetrics();
  double operator[](int metric) const { return metrics[static_cast<std::size_t>(metric)]; }
  double& operator[](int metric) { return metrics[static_cast<std::size_t>(metric)]; }
  std::string accuracyKind = "none";
  bool feasible = true;
  bool pareto = false;  ///< set by the explorer
  std::string reason, configHash;
  /// What decides it, for people: the greatest parts of time and energy.
  std::string bound, energyCategory;
  double boundShare = missing, energyCategoryShare = missing;
  /// More numbers under their column names: quantiles (`time_s.p5`, `time_s.p50`, `time_s.p95`),
  /// objectives that are no column anyway (docs/results-file.md). Names hold no '/'.
  std::vector<std::pair<std::string, double>> extra;
};

/// One step of a search's anytime curve.
struct HistoryStep {
  std::int64_t evaluations = 0;  ///< different designs evaluated so far
  double hypervolume = 0;        ///< share of the box from best to reference, 0..1
  std::int64_t seed = 0;
  std::string workload;
};
/// One parameter moved to both ends of its interval, the others at their value.
struct TornadoBar {
  std::string point, parameter;  ///< point_id of the row, path of the parameter
  double low = 0, high = 0;      ///< `metric` at the parameter's low and high end
  std::string metric;            ///< "time_s", "energy_j", ...
  /// The same two from simulations at the row's own fidelity; NaN = only the closed form was asked.
  double simulatedLow = std::numeric_limits<double>::quiet_NaN(),
         simulatedHigh = std::numeric_limits<double>::quiet_NaN();
};
/// One point under one common scenario; equal numbers are equal guesses in all points.
struct ScenarioValue {
  std::string point;
  std::int64_t scenario = 0;
  double timeS = 0, energyJ = 0;
};
/// What points are compared by.
struct ObjectiveInfo {
  std::string name;  ///< a number column of the points
  bool maximise = false;
};
/// How a design parameter acted on one platform; `pairs` 0 = never varied alone, so nothing is
/// known.
struct ParameterInfluence {
  std::string parameter, platform;
  std::int64_t pairs = 0;
  bool changes = false;
};
/// Points refused for the same reason.
struct RefusedGroup {
  std::string reason;               ///< of the first such point
  std::vector<std::string> common;  ///< "platform = a or b": settings that all of them share
  std::int64_t count = 0;
  bool failed = false;  ///< a crash or a time limit instead of an answer
};

/// The best point of a workload against the best one of another platform.
struct ComparisonRow {
  std::string winner, other;  ///< point_id of rows; the winner is better as given
  std::string metric;         ///< "time_s" or "energy_j"
  double probability = 0;     ///< share of scenarios in which the winner is better, 0..1
  double ratio = 1;           ///< winner / other as given
  double low = 1, high = 1;   ///< 5 % and 95 % quantile of the ratio, scenario by scenario
  std::string decidedBy;      ///< parameter that moves the ratio most; empty = none
  std::string level;          ///< "parameter = value" at which both are level, joined by " or "
};

/// The best point of a workload in one objective, and how it stands when everything that is known
/// as an interval moves.
struct WinnerRow {
  std::string workload, metric;  ///< metric: name of the objective
  std::string point, rival;      ///< point_ids; rival: who beats it most often, empty = nobody
  std::string restsOn;           ///< parameter that moves it most; empty = none
  double probability = 1;        ///< share of the scenarios in which it is the best, 0..1
  double value = missing;        ///< as given
  double low = missing, high = missing;  ///< 5 % and 95 % quantile over the scenarios
  /// Whether the numbers as given say more than is known.
  bool restsOnUnknown() const { return probability < 0.95 || value < low || value > high; }
};

/// A value of a metric with its unit, for people; of an expression the bare number.
std::string valueText(const std::string& metric, double value);
/// "time" for `time_s`; an expression as it is.
std::string labelOf(const std::string& metric);
/// "best in 16 % of the scenarios, where it is 17.2 us .. 90.5 us": what a winner is worth. With
/// the name of the rival, who beats it.
std::string chanceText(const WinnerRow& winner, const std::string& rival = {});
/// "16 %"; "<1 %" and ">99 %" instead of a rounding that says never or always.
std::string chancePercent(double probability);

/// Levels used by any component, deepest first, such as "event+analytic": a formula anywhere shows.
std::string fidelityText(const RunResult& result);
/// What ran the operators of a point by the host's share of the time: "device", "host" or
/// "device+host"; empty when nothing is known.
std::string ranOn(double hostShare);
/// What a name of a point must add so that nobody takes its host for the device: " on its host",
/// " + host 34 %", or nothing when the host's part is small.
std::string hostNote(double hostShare);

}  // namespace wattlas
