// A study: which designs to look at, what to compare them by, how to search (docs/explorer.md).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "explorer/accuracy.h"
#include "explorer/expression.h"
#include "models/base/config.h"
#include "models/experiment.h"

namespace wattlas {

// One dimension of a design space.

/// A design parameter's setting in a point: the position in `values` for listed design parameters,
/// the number itself (in the design parameter's own unit) for continuous ones, NaN while the design
/// parameter is inactive.
using Coordinate = double;
inline constexpr Coordinate inactive = std::numeric_limits<double>::quiet_NaN();

struct DesignParameter {
  enum class Kind { categorical, ordinal, integer, real, log };
  std::string key;  ///< `platform`, `format`, or any `--set` key
  Kind kind = Kind::categorical;
  Place place;
  std::vector<ConfigNode> values;                ///< choices in order; empty when continuous
  std::vector<std::string> texts;                ///< their canonical texts
  std::vector<std::optional<Measure>> measures;  ///< their size, where they have one
  double low = 0, high = 0;                      ///< continuous range, inclusive, in `unit`
  std::string unit;                              ///< unit of the range ("MHz"), may be empty
  double unitFactor = 1;                         ///< base units of one `unit`
  std::optional<Dimension> dimension;
  std::optional<Expression> when;  ///< inactive unless true

  bool continuous() const { return values.empty(); }
  std::size_t choices() const { return values.size(); }
  /// Setting for a sample in [0, 1).
  Coordinate at(double unitSample) const;
  std::string text(Coordinate c) const;  ///< empty when inactive
  ConfigNode node(Coordinate c) const;
  Value value(Coordinate c) const;
  ValueType type() const;
};
const char* nameOf(DesignParameter::Kind kind);

/// Reads one entry of `design parameters`. Problems go to `problems`; `symbols` are the names
/// `when` may use.
DesignParameter readParameter(const std::string& key, const ConfigNode& node,
                              const Symbols& symbols, Problems& problems);

/// Slots of expressions: design parameters from 0, then the workload, then derived values, then
/// metrics.
struct SlotPlan {
  int parameters = 0, derived = 0;
  int workload() const { return parameters; }
  int firstDerived() const { return parameters + 1; }
  int firstMetric() const { return parameters + 1 + derived; }
};

struct DerivedValue {
  std::string key;  ///< set like a design parameter when it holds a dot; otherwise only a name in
                    ///< expressions
  Expression expression;
  bool sets() const { return key.find('.') != std::string::npos; }
};

struct Constraint {
  Expression expression;
  Place place;
  bool needsResult = false;  ///< mentions a metric, so it can only be checked after evaluation
};

struct Objective {
  std::string name;  ///< metric or expression as written
  Expression expression;
  bool maximise = false;
  /// Corners of the box of the hypervolume, in base units, as given (not negated).
  std::optional<double> reference, ideal;
};

enum class SearchMethod { automatic, exhaustive, random, sobol, nsga2 };
const char* nameOf(SearchMethod method);

/// Fidelity multi-fidelity screening: everything at `analytic`, the promising part at the study's
/// fidelity.
struct ScreeningOptions {
  bool on = false;
  std::int64_t calibrationSample =
      8;  ///< points per workload and platform that measure the error band
};

struct SearchOptions {
  SearchMethod method = SearchMethod::automatic;
  std::int64_t budget = 0;  ///< evaluations, workloads counted; 0 = whole space
  std::uint64_t seed = 1;
  std::int64_t seeds = 1;  ///< nsga2 only: repetitions with the following seeds, budget each
  /// nsga2 only, rounded up to a multiple of 4; 0 = a tenth of the budget, between 8 and 100.
  std::int64_t population = 0;
  ScreeningOptions screening;
};

/// Some of the objectives under a name of their own: a front is computed for them too.
struct FrontSet {
  std::string name;
  std::vector<std::size_t> objectives;  ///< positions in Study::objectives
};

/// Which points get intervals from the common scenarios.
enum class UncertaintyOf { none, winners, front, all };

/// What a command line changes in a study file.
struct StudyOverrides {
  std::optional<std::uint64_t> seed;
  /// Keys of the study itself ("search.seeds"), with the flag they come from as their place.
  std::vector<std::pair<std::string, ConfigNode>> keys;
  std::vector<std::pair<std::string, ConfigNode>> sets;  ///< added to `set`
};

struct Study {
  std::string name, file;
  std::vector<std::string> workloads;
  std::vector<DesignParameter> parameters;
  std::vector<DerivedValue> derived;
  std::vector<std::pair<std::string, ConfigNode>> sets;
  std::string scope = "node", energy = "activity";
  /// Wanted level. A component that lacks it runs at its best one and the row says so.
  std::string fidelity = "event";
  std::vector<Constraint> constraints;
  std::vector<Objective> objectives;
  std::vector<FrontSet> fronts;
  bool bits = false;  ///< formats per layer are design parameters (bits.h)
  UncertaintyOf uncertainty = UncertaintyOf::winners;
  AccuracyOptions accuracy;
  bool oneTask = false;  ///< the workloads do the same task: one front for all of them
  SearchOptions search;
  std::vector<int> metrics;  ///< metrics kept per point: the core, then those mentioned
  SlotPlan slots;
  ConfigNode tree;  ///< as read, overrides included: what workers and files get

  /// Position of a design parameter, or -1.
  int parameterIndex(const std::string& key) const;
  /// Name of a workload in results: an id as it is, a file by its stem (and folder, where stems are
  /// equal), never a path.
  std::string workloadName(std::size_t workload) const;
  /// Position of a metric in `metrics`; -1 when it is not kept.
  int metricIndex(int metric) const;
};

/// Reads and compiles a study file or id (`configs/studies/<id>.yaml`). Throws InputError with all
/// problems.
Study loadStudy(const std::string& reference, const SearchPath& path,
                const StudyOverrides& overrides = {});
/// Compiles a tree that was read already. `file` is for messages.
Study compileStudy(const ConfigNode& tree, const std::string& file);
/// JSON Schema of a study file.
std::string studySchema();

/// `format` -> `workload.format` and likewise prompt, generate, batch, rate; others unchanged.
std::string setKeyOf(const std::string& key);

}  // namespace wattlas
