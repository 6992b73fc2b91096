// From raw constraints, objectives and fronts to compiled ones.
#include <algorithm>
#include <set>

#include "explorer/study_steps.h"
#include "models/metric.h"

namespace wattlas {
namespace {

class GoalStep : public StudyStep {
 public:
  using StudyStep::StudyStep;
  void run(const Symbols& names) {
    const Symbols all = withMetrics(names);
    readConstraints(all);
    readObjectives(all);
    readFronts();
    keepMetrics();
    checkAccuracy();
  }

 private:
  Symbols withMetrics(const Symbols& names) const {
    Symbols all = names;
    const int first = study_.slots.firstMetric();
    const auto add = [&](const std::string& name, int metric) {
      all.add({name, first + metric,
               metric == metricFits
                   ? ValueType{ValueType::Kind::boolean, std::nullopt, false}
                   : ValueType{ValueType::Kind::number, metricAt(metric).dimension, true}});
    };
    for (std::size_t m = 0; m < allMetrics().size(); ++m)
      add(allMetrics()[m].name, static_cast<int>(m));
    for (const auto& [alias, metric] : metricAliases()) add(alias, metric);
    return all;
  }

  void readConstraints(const Symbols& all) {
    if (raw_.constraints.isNull()) return;
    if (!raw_.constraints.isList()) {
      problem(raw_.constraints, "constraints", "is not a list",
              "a list such as [\"power_peak_w < 1500\"]");
      return;
    }
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

  void readObjectives(const Symbols& all) {
    const bool empty = !raw_.objectives.isList() || raw_.objectives.items().empty();
    if (empty) {
      problem(raw_.objectives, "objectives",
              raw_.objectives.isNull() ? "missing" : "is not a list of objectives",
              "a list such as [{minimise: time_s}, {minimise: energy_j}]");
      return;
    }
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
    const bool maximise = direction == "maximise" || direction == "maximize";
    if (!maximise && direction != "minimise" && direction != "minimize") {
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
    const auto metric = findMetric(what.scalar());
    const std::string name = metric ? metricAt(*metric).name : what.scalar();
    if (!seen.insert(name).second)
      problem(what, key, "'" + name + "' is an objective twice", "each objective once");
    Objective objective{name, *expression, maximise, {}, {}};
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

  /// A wish that no point could fulfil, and a limit that would limit nothing.
  void checkAccuracy() {
    const int first = study_.slots.firstMetric();
    const auto asks = [&](const auto& goal) {
      return std::any_of(
          goal.expression.slots().begin(), goal.expression.slots().end(),
          [&](int s) { return s == first + metricAccuracy || s == first + metricAccuracySe; });
    };
    const auto refuse = [&](const ConfigNode& at, const char* key) {
      problem(at, key, "ask for accuracy, and nobody says it",
              "a section such as accuracy: {measured: {data: fashion-mnist}}");
    };
    if (study_.accuracy.on()) return;
    if (std::any_of(study_.objectives.begin(), study_.objectives.end(), asks))
      refuse(raw_.objectives, "objectives");
    if (std::any_of(study_.constraints.begin(), study_.constraints.end(), asks))
      refuse(raw_.constraints, "constraints");
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
};

}  // namespace

void compileGoals(Study& study, const RawStudy& raw, Problems& problems, const Symbols& names) {
  GoalStep(study, raw, problems).run(names);
}

}  // namespace wattlas
