// A study: which designs to look at, what to compare them by, how to search (docs/explorer.md).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "explorer/accuracy.h"
#include "explorer/design_parameter.h"
#include "models/base/config.h"
#include "models/experiment.h"

namespace wattlas {

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

}  // namespace wattlas
