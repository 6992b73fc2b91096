// Keys of a study file.
#include <algorithm>

#include "explorer/study_steps.h"

namespace wattlas {

void bindStudy(Binder& b, Study& study, RawStudy& raw, const std::string& defaultName) {
  b.text("name", study.name, {.fallback = defaultName}, "Name of the study");
  b.texts("workloads", study.workloads,
          "Ids, files or micro workloads to evaluate on every design");
  b.any("genes", raw.parameters,
        "Dimensions of the space: KEY: {categorical|ordinal: [..]} or {integer|real|log: {min, "
        "max}}, each with an optional `when` condition");
  b.any("bits", raw.bits,
        "{formats: [..], layers: [..]}: a gene for the format of each layer, and sqnr_db");
  b.any("derived", raw.derived, "KEY: expression; set like a gene when KEY holds a dot");
  b.choice("scope", study.scope, {"chip", "device", "node", "wall"}, {.fallback = "node"},
           "What time and energy include");
  b.choice("energy", study.energy, {"activity", "tdp"}, {.fallback = "activity"},
           "Energy from counted events, or as rated power x time");
  b.any("set", raw.set, "KEY: VALUE for every point, as --set");
  b.any("constraints", raw.constraints, "Expressions that a feasible point fulfils");
  b.any(
      "objectives", raw.objectives,
      "List of {minimise: metric} or {maximise: metric} (wattlas metrics lists them), each with an "
      "optional `reference` and "
      "`ideal` for the hypervolume");
  b.any("fronts", raw.fronts,
        "NAME: [objectives]: further Pareto sets over some of the objectives");
  b.section("accuracy", "Who says how often the networks are right (docs/explorer.md)",
            [&](Binder& a) { study.accuracy.bind(a); });
  b.flag("one_task", study.oneTask, {.fallback = "false"},
         "All workloads do the same task and compete on one front");
  std::string uncertainty;
  b.choice("uncertainty", uncertainty, {"none", "winners", "front", "all"}, {.fallback = "winners"},
           "Which points get intervals from the common scenarios; winners: the best points of all "
           "platforms in each objective");
  if (b.reading())
    study.uncertainty = uncertainty == "all"     ? UncertaintyOf::all
                        : uncertainty == "front" ? UncertaintyOf::front
                        : uncertainty == "none"  ? UncertaintyOf::none
                                                 : UncertaintyOf::winners;
  b.choice("fidelity", study.fidelity, {"analytic", "event", "detailed"}, {.fallback = "event"},
           "How closely the hardware is simulated, where a model has that level");
  b.section("search", "How the space is searched", [&](Binder& s) {
    std::string method;
    SearchOptions& search = study.search;
    s.choice("method", method, {"auto", "exhaustive", "random", "sobol", "nsga2"},
             {.fallback = "auto"}, "auto: the whole space when the budget allows, else sobol");
    s.integer("budget", search.budget, {.min = 0, .max = 1e9, .fallback = "0"},
              "Evaluations, workloads counted; 0 = the whole space");
    std::int64_t seed = 1;
    s.integer("seed", seed, {.min = 0, .max = 9e15, .fallback = "1"}, "Seed of the sampling");
    s.integer("seeds", search.seeds, {.min = 1, .max = 1000, .fallback = "1"},
              "Repetitions with the following seeds, each with the budget (nsga2)");
    s.integer("population", search.population, {.min = 0, .max = 1e6, .fallback = "0"},
              "Individuals of a generation (nsga2); 0 = a tenth of the budget, 8 to 100");
    s.section("ladder", "Everything at analytic, what could be on a front at `fidelity`",
              [&](Binder& l) {
                l.integer("pilot", search.screening.calibrationSample,
                          {.min = 2, .max = 1e6, .fallback = "8"},
                          "Points per workload and platform that measure the error band");
              });
    if (!s.reading()) return;
    if (search.population > 0 && search.population < 4)
      s.problem("population", std::to_string(search.population) + " is out of range",
                "at least 4, or 0 for a tenth of the budget");
    search.seed = static_cast<std::uint64_t>(seed);
    static const std::vector<std::string> methods = {"auto", "exhaustive", "random", "sobol",
                                                     "nsga2"};
    const auto found = std::find(methods.begin(), methods.end(), method);
    if (found != methods.end()) search.method = static_cast<SearchMethod>(found - methods.begin());
  });
}

}  // namespace wattlas
