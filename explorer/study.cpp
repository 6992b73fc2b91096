#include "explorer/study.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "explorer/bits.h"
#include "explorer/study_names.h"
#include "explorer/study_steps.h"

namespace wattlas {
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
