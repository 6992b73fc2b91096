#include "explorer/study.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "explorer/bits.h"
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

namespace {

std::string stemOf(const std::string& file) {
  const std::string stem = std::filesystem::path(file).stem().string();
  return stem.empty() ? "study" : stem;
}

void checkMethod(const Study& study, Problems& problems) {
  const SearchMethod method = study.search.method;
  const auto problem = [&](const char* key, std::string what, const char* expected) {
    const ConfigNode* at = study.tree.at(key);
    problems.add(
        {at != nullptr ? at->place() : study.tree.place(), key, std::move(what), expected, {}});
  };
  const ConfigNode* objectives = study.tree.find("objectives");
  if (method == SearchMethod::nsga2 && objectives != nullptr && objectives->isList() &&
      objectives->items().size() == 1)
    problem("search.method", "nsga2 needs at least two objectives",
            "exhaustive, random or sobol for one");
  if (study.search.seeds > 1 && method != SearchMethod::nsga2 && method != SearchMethod::automatic)
    problem("search.seeds",
            std::string("a search by '") + nameOf(method) + "' has nothing that seeds would repeat",
            "seeds with method nsga2");
}

/// `parameters` is the same section as `genes`.
ConfigNode withGenes(const ConfigNode& tree) {
  const ConfigNode* parameters = tree.isMap() ? tree.find("parameters") : nullptr;
  if (parameters == nullptr) return tree;
  if (tree.find("genes") != nullptr)
    throw InputError(Problem{parameters->place(),
                             "parameters",
                             "stands beside 'genes', which is the same section",
                             "one of the two",
                             {}});
  ConfigNode out = ConfigNode::ofMap();
  for (const auto& [key, value] : tree.entries())
    out.put(key == "parameters" ? "genes" : key, value);
  return out;
}

std::string fileOf(const std::string& reference, const SearchPath& path) {
  const bool isPath = reference.find('/') != std::string::npos || reference.ends_with(".yaml") ||
                      reference.ends_with(".yml");
  if (isPath) return reference;
  if (const auto found = path.find("studies", reference)) return *found;
  std::vector<std::string> ids;
  for (const auto& [id, file] : path.list("studies")) ids.push_back(id);
  throw InputError("unknown study '" + reference.substr(0, 80) + "'",
                   "a file such as study.yaml or the id of a shipped study",
                   didYouMean(reference, ids));
}

}  // namespace

std::string setKeyOf(const std::string& key) {
  for (const char* flag : {"prompt", "generate", "batch", "format", "rate"})
    if (key == flag) return std::string("workload.") + flag;
  return key;
}

const char* nameOf(SearchMethod method) {
  static constexpr const char* names[] = {"auto", "exhaustive", "random", "sobol", "nsga2"};
  return names[static_cast<std::size_t>(method)];
}

int Study::parameterIndex(const std::string& key) const {
  for (std::size_t g = 0; g < parameters.size(); ++g)
    if (setKeyOf(parameters[g].key) == setKeyOf(key)) return static_cast<int>(g);
  return -1;
}

std::string Study::workloadName(std::size_t workload) const {
  namespace fs = std::filesystem;
  const auto isFile = [](const std::string& reference) {
    constexpr std::array endings = {".yaml", ".yml", ".onnx", ".json"};
    return reference.find('/') != std::string::npos ||
           std::any_of(endings.begin(), endings.end(),
                       [&](const char* ending) { return reference.ends_with(ending); });
  };
  const std::string& reference = workloads[workload];
  if (!isFile(reference)) return reference;
  const fs::path path(reference);
  const auto alike = std::count_if(workloads.begin(), workloads.end(), [&](const std::string& w) {
    return fs::path(w).stem() == path.stem();
  });
  const std::string folder = alike > 1 ? path.parent_path().filename().string() : std::string();
  return (folder.empty() ? "" : folder + "-") + path.stem().string();
}

int Study::metricIndex(int metric) const {
  const auto found = std::find(metrics.begin(), metrics.end(), metric);
  return found == metrics.end() ? -1 : static_cast<int>(found - metrics.begin());
}

Study compileStudy(const ConfigNode& given, const std::string& file) {
  const ConfigNode tree = withGenes(given);
  Study study;
  study.file = file;
  study.tree = tree;
  if (!tree.isMap() || tree.entries().empty())
    throw InputError(Problem{{file, 1},
                             {},
                             "is not a study",
                             "keys such as workloads, genes, "
                             "objectives",
                             {}});
  Problems problems;
  RawStudy raw;
  bindConfig(tree, "", problems, [&](Binder& b) { bindStudy(b, study, raw, stemOf(file)); });
  study.bits = !raw.bits.isNull();
  study.search.screening.on = tree.at("search.ladder") != nullptr;
  if (study.search.screening.on && study.fidelity == "analytic")
    problems.add({tree.at("search.ladder")->place(),
                  "search.ladder",
                  "the first step of the ladder is analytic already",
                  "fidelity: event or detailed",
                  {}});
  checkMethod(study, problems);
  const Symbols names = compileSpace(study, raw, problems);
  study.accuracy.finish(tree, study.workloads, problems);
  compileGoals(study, raw, problems, names);
  if (study.parameterIndex("platform") < 0 &&
      std::none_of(study.sets.begin(), study.sets.end(),
                   [](const auto& set) { return set.first == "platform"; }) &&
      raw.parameters.isMap())
    problems.add({tree.place(),
                  "genes.platform",
                  "missing: no platform is given",
                  "'platform: {categorical: [..]}' in genes, or 'platform' in set",
                  {}});
  problems.finish();
  return study;
}

Study loadStudy(const std::string& reference, const SearchPath& path,
                const StudyOverrides& overrides) {
  const std::string file = fileOf(reference, path);
  ConfigNode tree = withGenes(loadConfig(file, path));
  if (tree.isMap() && overrides.seed)
    tree.set("search.seed", ConfigNode::ofScalar(std::to_string(*overrides.seed), {"--seed", 0}));
  if (tree.isMap())
    for (const auto& [key, value] : overrides.keys) tree.set(key, value);
  if (tree.isMap() && !overrides.sets.empty()) {
    ConfigNode sets = tree.find("set") != nullptr ? *tree.find("set") : ConfigNode::ofMap();
    for (const auto& [key, value] : overrides.sets) sets.put(key, value);
    tree.put("set", sets);
  }
  return compileStudy(expandBits(std::move(tree), path), file);
}

std::string studySchema() {
  return schemaOf("Study", [](Binder& b) {
    Study study;
    RawStudy raw;
    bindStudy(b, study, raw, "study");
  });
}

}  // namespace wattlas
