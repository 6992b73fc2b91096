// Tables beside the points of a results file: what a search did, what parameters are worth. The
// groups and columns that Wattlas itself writes are listed in docs/results-file.md; any other
// table is kept as it is.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

namespace wattlas {

class Store;

struct StoreColumn {
  using Values =
      std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::string>>;
  std::string name;  ///< no '/'
  Values values;     ///< numbers: NaN = missing; texts are cut at 1,000 bytes
  std::string unit;  ///< of numbers, as `s` or `J`; empty = none or differing by row
  std::size_t size() const;
  bool operator==(const StoreColumn&) const = default;
};

/// Columns of equal length under a group such as "/search/history".
struct StoreTable {
  std::string group;
  std::vector<StoreColumn> columns;
  std::size_t rows() const { return columns.empty() ? 0 : columns.front().size(); }
  const StoreColumn* column(const std::string& name) const;  ///< nullptr = no such column
  bool operator==(const StoreTable&) const = default;
};

/// Throws std::invalid_argument: a group that is not "/name/name", columns of different length, an
/// empty or repeated column name or one with '/'.
void checkTable(const StoreTable& table);

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
  std::string reason, common;  ///< `common`: settings that all of them share
  std::int64_t count = 0;
  bool failed = false;  ///< a crash or a time limit instead of an answer
};

StoreTable historyTable(const std::vector<HistoryStep>& steps);            // /search/history
StoreTable objectivesTable(const std::vector<ObjectiveInfo>& objectives);  // /search/objectives
StoreTable effectsTable(const std::vector<ParameterInfluence>& effects);   // /search/effects
StoreTable regionsTable(const std::vector<RefusedGroup>& regions);         // /search/regions
StoreTable tornadoTable(const std::vector<TornadoBar>& bars);              // /uncertainty/tornado
StoreTable scenariosTable(const std::vector<ScenarioValue>& values);       // /uncertainty/scenarios

/// The same read back; empty when the file has no such table. Throw InputError naming the file when
/// a column is missing or of another kind.
std::vector<HistoryStep> historyOf(const Store& store);
std::vector<ObjectiveInfo> objectivesOf(const Store& store);
std::vector<ParameterInfluence> effectsOf(const Store& store);
std::vector<RefusedGroup> regionsOf(const Store& store);
std::vector<TornadoBar> tornadoOf(const Store& store);
std::vector<ScenarioValue> scenariosOf(const Store& store);

}  // namespace wattlas
