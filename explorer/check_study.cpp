// Finds mistakes in a study before hours are spent on it: ids that do not exist, design parameters
// whose key no platform knows.
#include <cmath>
#include <set>

#include "explorer/explore.h"
#include "explorer/study.h"
#include "models/metric.h"
#include "workloads/graph/workload.h"

namespace wattlas {
namespace {

class StudyChecker {
 public:
  StudyChecker(const Study& study, const std::function<void(const ExperimentSpec&)>& check)
      : study_(study), check_(check), platform_(study.parameterIndex("platform")) {}

  void run() {
    const std::size_t platforms =
        platform_ < 0 ? 1 : study_.parameters[static_cast<std::size_t>(platform_)].choices();
    for (std::size_t w = 0; w < study_.workloads.size(); ++w)
      for (std::size_t p = 0; p < std::max<std::size_t>(1, platforms); ++p)
        checkPlatform(static_cast<std::int32_t>(w), static_cast<double>(p));
    finish();
  }

 private:
  std::optional<InputError> errorOf(const DesignPoint& point) const {
    try {
      check_(specOf(study_, point));
      return std::nullopt;
    } catch (const InputError& error) {
      return error;
    }
  }

  static Coordinate firstOf(const DesignParameter& parameter) {
    return parameter.continuous() ? parameter.low : 0.0;
  }

  void checkPlatform(std::int32_t workload, Coordinate platform) {
    DesignPoint base{workload, {}};
    for (const DesignParameter& parameter : study_.parameters)
      base.parameters.push_back(firstOf(parameter));
    if (platform_ >= 0) base.parameters[static_cast<std::size_t>(platform_)] = platform;
    canonicalise(study_, base);
    auto error = errorOf(base);
    if (!error) return;
    // The first choices may not go together: look for a base that works, one design parameter at a
    // time.
    for (std::size_t g = 0; g < study_.parameters.size() && error; ++g)
      error = bestChoice(base, g, *error);
    if (error) report(base, *error);
  }

  /// Tries the choices of design parameter `g`; keeps the one with the fewest problems left in
  /// `base`.
  std::optional<InputError> bestChoice(DesignPoint& base, std::size_t g, InputError error) const {
    const DesignParameter& parameter = study_.parameters[g];
    if (static_cast<int>(g) == platform_ || parameter.continuous() ||
        std::isnan(base.parameters[g]))
      return error;
    for (std::size_t i = 1; i < std::min<std::size_t>(parameter.choices(), 64); ++i) {
      DesignPoint trial = base;
      for (std::size_t k = 0; k < trial.parameters.size(); ++k)
        if (std::isnan(trial.parameters[k])) trial.parameters[k] = firstOf(study_.parameters[k]);
      trial.parameters[g] = static_cast<double>(i);
      canonicalise(study_, trial);
      const auto left = errorOf(trial);
      if (!left) {
        base = trial;
        return std::nullopt;
      }
      if (left->problems().size() < error.problems().size()) {
        base = trial;
        error = *left;
      }
    }
    return error;
  }

  void report(const DesignPoint& point, const InputError& error) {
    const std::string platform = platformOf(study_, point);
    for (Problem problem : error.problems()) {
      const DesignParameter* parameter = parameterOf(problem);
      if (!reported_.insert(platform + problem.text()).second) continue;
      if (problem.key == "platform" && platform_ >= 0) {
        problem.place = study_.parameters[static_cast<std::size_t>(platform_)].place;
        problem.key = "genes.platform";
        problems_.add(problem);
        continue;
      }
      if (parameter != nullptr) {
        problem.place = parameter->place;
        problem.key = "genes." + parameter->key;
        if (problem.hint.empty())
          problem.hint = "restrict the gene with when: \"platform in [..]\"";
      } else if (problem.place.file.empty()) {
        problem.place = study_.tree.place();
      }
      addOnPlatform(std::move(problem), platform);
    }
  }

  /// One mistake is one problem, however many platforms it meets.
  void addOnPlatform(Problem problem, const std::string& platform) {
    for (auto& [known, platforms] : onPlatforms_)
      if (known.key == problem.key && known.what == problem.what &&
          known.place.file == problem.place.file && known.place.line == problem.place.line) {
        if (platforms.back() != platform) platforms.push_back(platform);
        return;
      }
    onPlatforms_.emplace_back(std::move(problem), std::vector<std::string>{platform});
  }

  void finish() {
    for (auto& [problem, platforms] : onPlatforms_) {
      std::string names;
      for (std::size_t i = 0; i < std::min<std::size_t>(platforms.size(), 3); ++i)
        names += (i == 0 ? "'" : ", '") + platforms[i] + "'";
      if (platforms.size() > 3) names += " and " + std::to_string(platforms.size() - 3) + " more";
      problem.what += " (no point of platform " + names + " is valid)";
      problems_.add(std::move(problem));
    }
    problems_.finish();
  }

  const DesignParameter* parameterOf(const Problem& problem) const {
    for (const DesignParameter& parameter : study_.parameters) {
      const std::string key = setKeyOf(parameter.key);
      if (problem.key.empty() || parameter.key == "platform") continue;
      // A whole section may be unknown: "device.dpu" is about the design parameter "dpu.clock".
      const std::string section = problem.key.substr(problem.key.rfind('.') + 1) + ".";
      const bool same = problem.key == key || problem.key.ends_with("." + key);
      if (same || (problem.what.starts_with("unknown key") && key.starts_with(section)))
        return &parameter;
    }
    return nullptr;
  }

  const Study& study_;
  const std::function<void(const ExperimentSpec&)>& check_;
  int platform_;
  Problems problems_;
  std::vector<std::pair<Problem, std::vector<std::string>>> onPlatforms_;
  std::set<std::string> reported_;
};

}  // namespace

void checkStudy(const Study& study, const std::function<void(const ExperimentSpec&)>& check) {
  StudyChecker(study, check).run();
}

void checkObjectives(const Study& study, const SearchPath& path) {
  std::set<std::string> phases;
  std::vector<const Metric*> asked;
  for (const Objective& objective : study.objectives)
    if (const auto metric = findMetric(objective.name); metric && !metricAt(*metric).phase.empty())
      asked.push_back(&metricAt(*metric));
  if (asked.empty()) return;
  for (const std::string& reference : study.workloads)
    for (const Phase& phase : makeWorkload(reference, ConfigNode::ofMap(), path).phases)
      phases.insert(nameOf(phase.kind));
  Problems problems;
  const ConfigNode* node = study.tree.find("objectives");
  for (const Metric* metric : asked)
    if (phases.count(metric->phase) == 0)
      problems.add({node != nullptr ? node->place() : study.tree.place(), "objectives",
                    "no point can have '" + metric->name +
                        "': no workload of the study has a phase '" + metric->phase + "'",
                    "a metric of its workloads, such as time_s or inferences_per_s",
                    "'wattlas metrics' says which results have which"});
  problems.finish();
}

}  // namespace wattlas
