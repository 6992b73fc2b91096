// What the intervals of the parameters mean for a result: the same scenarios for every design, so
// that designs which share an unknown are compared under the same guess.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/simulate.h"

namespace wattlas {

/// Number of common scenarios.
inline constexpr int scenarioCount = 32;

/// One result under all scenarios. Values are the result's own, scaled by how the closed form
/// changes: time and energy at `event` x (scenario / nominal at `analytic`).
struct ScenarioSet {
  std::vector<double> timeS, energyJ;  ///< one a scenario; infeasible scenarios are left out
  int infeasible = 0;
  /// Of each metric asked for, in all scenarios: value over the one as given, in closed form; NaN
  /// where the scenario is refused or has no such value.
  std::vector<std::vector<double>> ratios;
  /// Parameters with an interval, strongest influence on energy first.
  struct Influence {
    std::string parameter;
    double onTime = 0, onEnergy = 0;  ///< rank correlation over the scenarios, -1..1
  };
  std::vector<Influence> influences;
};

/// Position of parameter `path` in scenario `s`, in (0, 1): a Latin hypercube whose permutation
/// depends only on the parameter's name, hence the same for every design that has it.
double scenarioPosition(const std::string& path, int s);
/// Value at `position` of the interval: log-uniform, or uniform when it touches zero; the interval
/// holds the value with about 90 %.
double scenarioValue(const ParameterRecord& parameter, double position);

/// Re-evaluates `spec` at `analytic` under every scenario and fills `result.uncertainty`.
/// `metrics`: positions in the registry (models/metric.h) whose ratios are wanted.
ScenarioSet runScenarios(const ExperimentSpec& spec, RunResult& result, const Registry& registry,
                         const SearchPath& path, std::span<const int> metrics = {});

/// Share of common scenarios in which a's value is below b's, 0..1. Sets must have equal length.
double probabilityBelow(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace wattlas
