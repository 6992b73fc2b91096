// From raw design parameters, derived values and settings to compiled ones.
#include <map>
#include <set>

#include "explorer/study.h"
#include "explorer/study_steps.h"

namespace wattlas {
namespace {

class SpaceStep : public StudyStep {
 public:
  using StudyStep::StudyStep;
  Symbols run() {
    readWorkloads();
    readParameters();
    readDerived();
    readSets();
    return std::move(symbols_);
  }

 private:
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

  static ValueType workloadType() { return {ValueType::Kind::text, std::nullopt, false}; }

  void readParameters() {
    if (!raw_.parameters.isMap() || raw_.parameters.entries().empty()) {
      problem(raw_.parameters, "genes",
              raw_.parameters.isNull() ? "missing" : "is not a section of genes",
              "at least 'platform: {categorical: [..]}'");
      return;
    }
    // A condition may use design parameters declared above it: no cycles, one pass decides
    // activity.
    study_.slots.parameters = static_cast<int>(raw_.parameters.entries().size());
    Symbols above;
    above.add({"workload", study_.slots.workload(), workloadType()});
    std::map<std::string, std::string> targets;
    for (const auto& [key, node] : raw_.parameters.entries()) {
      checkKey(key, node, targets);
      study_.parameters.push_back(readParameter(key, node, above, problems_));
      above.add(
          {key, static_cast<int>(study_.parameters.size()) - 1, study_.parameters.back().type()});
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

  void readSets() {
    if (raw_.set.isNull()) return;
    if (!raw_.set.isMap()) {
      problem(raw_.set, "set", "is not a section", "KEY: VALUE, as --set KEY=VALUE");
      return;
    }
    for (const auto& [key, value] : raw_.set.entries()) {
      const std::string target = setKeyOf(key);
      for (const DesignParameter& parameter : study_.parameters)
        if (setKeyOf(parameter.key) == target)
          problem(value, "set." + key, "is also a gene", "either a gene or a fixed value");
      for (const char* word : {"scope", "energy", "fidelity"})
        if (target == std::string("run.") + word)
          problem(value, "set." + key, "has a key of its own",
                  "'" + std::string(word) + "' of the study");
      study_.sets.emplace_back(target, value);
    }
  }

  Symbols symbols_;
};

}  // namespace

void StudyStep::problem(const ConfigNode& at, std::string key, std::string what,
                        std::string expected, std::string hint) {
  Place place = at.place();
  if (place.file.empty()) place = study_.tree.place();
  problems_.add({place, std::move(key), std::move(what), std::move(expected), std::move(hint)});
}

std::optional<Expression> StudyStep::compile(const ConfigNode& node, const std::string& key,
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

Symbols compileSpace(Study& study, const RawStudy& raw, Problems& problems) {
  return SpaceStep(study, raw, problems).run();
}

}  // namespace wattlas
