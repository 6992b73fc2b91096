#include "explorer/study.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "explorer/bits.h"
#include "explorer/metric.h"
#include "explorer/study_names.h"

namespace wattlas {
namespace {

/// The parts of a study that the binder only passes through.
struct RawStudy {
  ConfigNode genes, derived, bits, set, constraints, objectives, fronts, platform, format;
};

void bindStudy(Binder& b, Study& study, RawStudy& raw, const std::string& defaultName) {
  b.text("name", study.name, {.fallback = defaultName}, "Name of the study");
  b.texts("workloads", study.workloads,
          "Ids, files or micro workloads to evaluate on every design");
  b.any("genes", raw.genes,
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
  b.any("objectives", raw.objectives,
        "List of {minimise: metric} or {maximise: metric}, each with an optional `reference` and "
        "`ideal` for the hypervolume");
  b.any("fronts", raw.fronts,
        "NAME: [objectives]: further Pareto sets over some of the objectives");
  std::string uncertainty;
  b.choice("uncertainty", uncertainty, {"none", "front", "all"}, {.fallback = "none"},
           "Which points get intervals from the common scenarios");
  if (b.reading())
    study.uncertainty = uncertainty == "all"     ? UncertaintyOf::all
                        : uncertainty == "front" ? UncertaintyOf::front
                                                 : UncertaintyOf::none;
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
                l.integer("pilot", search.ladder.pilot, {.min = 2, .max = 1e6, .fallback = "8"},
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

/// Turns the raw parts into compiled ones, collecting every problem.
class Compiler {
 public:
  Compiler(Study& study, const RawStudy& raw, Problems& problems)
      : study_(study), raw_(raw), problems_(problems) {}

  void run() {
    readWorkloads();
    readGenes();
    readDerived();
    readSets();
    readConstraints();
    readObjectives();
    readFronts();
    keepMetrics();
  }

 private:
  void problem(const ConfigNode& at, std::string key, std::string what, std::string expected,
               std::string hint = {}) {
    Place place = at.place();
    if (place.file.empty()) place = study_.tree.place();
    problems_.add({place, std::move(key), std::move(what), std::move(expected), std::move(hint)});
  }

  void readWorkloads() {
    const ConfigNode* node = study_.tree.find("workloads");
    if (study_.workloads.empty()) {
      problem(node != nullptr ? *node : study_.tree, "workloads", "no workload is given",
              "a list such as [ecg-dscnn1d, llama2-7b]");
      return;
    }
    std::set<std::string> seen;
    for (const std::string& workload : study_.workloads)
      if (!seen.insert(workload).second)
        problem(*node, "workloads", "'" + workload + "' is listed twice", "each workload once");
  }

  ValueType workloadType() const { return {ValueType::Kind::text, std::nullopt, false}; }

  void readGenes() {
    if (!raw_.genes.isMap() || raw_.genes.entries().empty()) {
      problem(raw_.genes, "genes", raw_.genes.isNull() ? "missing" : "is not a section of genes",
              "at least 'platform: {categorical: [..]}'");
      return;
    }
    // A condition may use genes declared above it: no cycles, one pass decides activity.
    study_.slots.genes = static_cast<int>(raw_.genes.entries().size());
    Symbols above;
    above.add({"workload", study_.slots.workload(), workloadType()});
    std::map<std::string, std::string> targets;
    for (const auto& [key, node] : raw_.genes.entries()) {
      checkKey(key, node, targets);
      study_.genes.push_back(readGene(key, node, above, problems_));
      above.add({key, static_cast<int>(study_.genes.size()) - 1, study_.genes.back().type()});
    }
    symbols_ = above;
  }

  void checkKey(const std::string& key, const ConfigNode& node,
                std::map<std::string, std::string>& targets) {
    const std::string target = setKeyOf(key), path = "genes." + key;
    if (key.empty()) problem(node, path, "a gene has no name", "a key such as dpu.clock");
    if (const auto [at, isNew] = targets.emplace(target, key); !isNew)
      problem(node, path, "sets the same parameter as gene '" + at->second + "'", "one of the two");
    if (target == "run.scope" || target == "run.energy")
      problem(node, path, "points of different " + target.substr(4) + " cannot be compared",
              "'" + target.substr(4) + "' once for the whole study");
    if (target == "run.fidelity")
      problem(node, path, "fidelity is no gene", "'fidelity' of the study");
    if (target == "workload" || target == "workload.id")
      problem(node, path, "workloads are no gene", "the list 'workloads' of the study");
  }

  void readDerived() {
    if (raw_.derived.isNull()) return;
    if (!raw_.derived.isMap()) {
      problem(raw_.derived, "derived", "is not a section", "KEY: expression");
      return;
    }
    study_.slots.derived = static_cast<int>(raw_.derived.entries().size());
    for (const auto& [key, node] : raw_.derived.entries()) {
      const std::string path = "derived." + key;
      if (symbols_.find(key) != nullptr) problem(node, path, "is also a gene", "a name of its own");
      const auto expression = compile(node, path, symbols_);
      if (!expression) continue;
      symbols_.add({key, study_.slots.firstDerived() + static_cast<int>(study_.derived.size()),
                    expression->type()});
      study_.derived.push_back({key, *expression});
    }
  }

  std::optional<Expression> compile(const ConfigNode& node, const std::string& key,
                                    const Symbols& symbols) {
    if (!node.isScalar()) {
      problem(node, key, "is not an expression", "text in quotes");
      return std::nullopt;
    }
    try {
      return Expression::compile(node.scalar(), symbols);
    } catch (const ExpressionError& error) {
      Place place = node.place();
      if (place.file.empty()) place = study_.tree.place();
      problems_.add(error.problem(place, key, node.scalar()));
      return std::nullopt;
    }
  }

  void readSets() {
    if (raw_.set.isNull()) return;
    if (!raw_.set.isMap()) {
      problem(raw_.set, "set", "is not a section", "KEY: VALUE, as --set KEY=VALUE");
      return;
    }
    for (const auto& [key, value] : raw_.set.entries()) {
      const std::string target = setKeyOf(key);
      for (const Gene& gene : study_.genes)
        if (setKeyOf(gene.key) == target)
          problem(value, "set." + key, "is also a gene", "either a gene or a fixed value");
      for (const char* word : {"scope", "energy", "fidelity"})
        if (target == std::string("run.") + word)
          problem(value, "set." + key, "has a key of its own",
                  "'" + std::string(word) + "' of the study");
      study_.sets.emplace_back(target, value);
    }
  }

  Symbols withMetrics() const {
    Symbols all = symbols_;
    int slot = study_.slots.firstMetric();
    for (const Metric& metric : allMetrics())
      all.add({metric.name, slot++,
               metric.name.starts_with("fits(")
                   ? ValueType{ValueType::Kind::boolean, std::nullopt, false}
                   : ValueType{ValueType::Kind::number, metric.dimension, true}});
    return all;
  }

  void readConstraints() {
    if (raw_.constraints.isNull()) return;
    if (!raw_.constraints.isList()) {
      problem(raw_.constraints, "constraints", "is not a list",
              "a list such as [\"power_peak_w < 1500\"]");
      return;
    }
    const Symbols all = withMetrics();
    for (std::size_t i = 0; i < raw_.constraints.items().size(); ++i) {
      const ConfigNode& node = raw_.constraints.items()[i];
      const std::string key = "constraints[" + std::to_string(i) + "]";
      const auto expression = compile(node, key, all);
      if (!expression) continue;
      const auto kind = expression->type().kind;
      if (kind != ValueType::Kind::boolean && kind != ValueType::Kind::any)
        problem(node, key, "'" + node.scalar() + "' is not yes or no",
                "a comparison such as 'power_peak_w < 1500'");
      const bool needsResult =
          !expression->slots().empty() && expression->slots().back() >= study_.slots.firstMetric();
      study_.constraints.push_back({*expression, node.place(), needsResult});
    }
  }

  void readObjectives() {
    const bool empty = !raw_.objectives.isList() || raw_.objectives.items().empty();
    if (empty) {
      problem(raw_.objectives, "objectives",
              raw_.objectives.isNull() ? "missing" : "is not a list of objectives",
              "a list such as [{minimise: time_s}, {minimise: energy_j}]");
      return;
    }
    const Symbols all = withMetrics();
    std::set<std::string> seen;
    for (std::size_t i = 0; i < raw_.objectives.items().size(); ++i)
      readObjective(raw_.objectives.items()[i], "objectives[" + std::to_string(i) + "]", all, seen);
  }

  void readObjective(const ConfigNode& node, const std::string& key, const Symbols& all,
                     std::set<std::string>& seen) {
    if (!node.isMap() || node.entries().empty()) {
      problem(node, key, "is not an objective", "{minimise: time_s} or {maximise: tokens_per_s}");
      return;
    }
    const auto& [direction, what] = node.entries().front();
    if (direction != "minimise" && direction != "maximise") {
      problem(what, key + "." + direction, "unknown key", "minimise or maximise first",
              didYouMean(direction, {"minimise", "maximise"}));
      return;
    }
    const auto expression = compile(what, key + "." + direction, all);
    if (!expression) return;
    const auto kind = expression->type().kind;
    if (kind != ValueType::Kind::number && kind != ValueType::Kind::any)
      problem(what, key, "'" + what.scalar() + "' is not a number", "a metric such as time_s");
    // Derived values count: they may stand for what nobody simulates, such as sqnr_db.
    if (expression->slots().empty() || expression->slots().back() < study_.slots.firstDerived())
      problem(what, key, "'" + what.scalar() + "' does not depend on the result",
              "a metric such as time_s");
    if (!seen.insert(what.scalar()).second)
      problem(what, key, "'" + what.scalar() + "' is an objective twice", "each objective once");
    Objective objective{what.scalar(), *expression, direction == "maximise", {}, {}};
    for (std::size_t i = 1; i < node.entries().size(); ++i)
      readCorner(node.entries()[i], key, objective);
    if (objective.reference && objective.ideal &&
        (objective.maximise ? *objective.ideal <= *objective.reference
                            : *objective.ideal >= *objective.reference))
      problem(node, key, "the ideal value is not better than the reference", "a box with a volume");
    study_.objectives.push_back(std::move(objective));
  }

  void readCorner(const ConfigNode::Entry& entry, const std::string& key, Objective& objective) {
    const auto& [name, node] = entry;
    if (name != "reference" && name != "ideal") {
      problem(node, key + "." + name, "unknown key", "reference or ideal",
              didYouMean(name, {"reference", "ideal"}));
      return;
    }
    const auto measure = node.isScalar() ? parseMeasure(node.scalar()) : std::nullopt;
    const auto dimension = objective.expression.type().dimension;
    if (!measure || (measure->dimension && measure->dimension != dimension)) {
      problem(node, key + "." + name, "'" + canonicalText(node) + "' is no value of the objective",
              dimension ? "a number with its unit, such as '10 ms' for a time" : "a number");
      return;
    }
    (name == "reference" ? objective.reference : objective.ideal) = measure->value;
  }

  void readFronts() {
    if (raw_.fronts.isNull()) return;
    if (!raw_.fronts.isMap()) {
      problem(raw_.fronts, "fronts", "is not a section", "NAME: [time_s, energy_j]");
      return;
    }
    std::vector<std::string> known;
    for (const Objective& objective : study_.objectives) known.push_back(objective.name);
    for (const auto& [name, list] : raw_.fronts.entries()) {
      FrontSet set{name, {}};
      const std::string key = "fronts." + name;
      if (!list.isList() || list.items().empty())
        problem(list, key, "is not a list of objectives", "a list such as [time_s, energy_j]");
      for (const ConfigNode& item : list.items()) {
        const std::string text = canonicalText(item);
        const auto found = std::find(known.begin(), known.end(), text);
        const auto at = static_cast<std::size_t>(found - known.begin());
        if (found == known.end())
          problem(item, key, "'" + text + "' is not an objective of the study",
                  "names from 'objectives'", didYouMean(text, known));
        else if (std::count(set.objectives.begin(), set.objectives.end(), at) > 0)
          problem(item, key, "lists '" + text + "' twice", "each objective once");
        else
          set.objectives.push_back(at);
      }
      study_.fronts.push_back(std::move(set));
    }
  }

  void keepMetrics() {
    std::set<int> extra;
    const auto collect = [&](const Expression& expression) {
      for (const int slot : expression.slots())
        if (slot >= study_.slots.firstMetric() + coreMetricCount)
          extra.insert(slot - study_.slots.firstMetric());
    };
    for (const Constraint& constraint : study_.constraints) collect(constraint.expression);
    for (const Objective& objective : study_.objectives) collect(objective.expression);
    for (int m = 0; m < coreMetricCount; ++m) study_.metrics.push_back(m);
    study_.metrics.insert(study_.metrics.end(), extra.begin(), extra.end());
  }

  Study& study_;
  const RawStudy& raw_;
  Problems& problems_;
  Symbols symbols_;
};

std::string stemOf(const std::string& file) {
  const std::string stem = std::filesystem::path(file).stem().string();
  return stem.empty() ? "study" : stem;
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

int Study::geneIndex(const std::string& key) const {
  for (std::size_t g = 0; g < genes.size(); ++g)
    if (setKeyOf(genes[g].key) == setKeyOf(key)) return static_cast<int>(g);
  return -1;
}

int Study::metricIndex(int metric) const {
  const auto found = std::find(metrics.begin(), metrics.end(), metric);
  return found == metrics.end() ? -1 : static_cast<int>(found - metrics.begin());
}

Study compileStudy(const ConfigNode& tree, const std::string& file) {
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
  study.search.ladder.on = tree.at("search.ladder") != nullptr;
  if (study.search.ladder.on && study.fidelity == "analytic")
    problems.add({tree.at("search.ladder")->place(),
                  "search.ladder",
                  "the first step of the ladder is analytic already",
                  "fidelity: event or detailed",
                  {}});
  Compiler(study, raw, problems).run();
  if (study.geneIndex("platform") < 0 &&
      std::none_of(study.sets.begin(), study.sets.end(),
                   [](const auto& set) { return set.first == "platform"; }) &&
      raw.genes.isMap())
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
  ConfigNode tree = loadConfig(file, path);
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
