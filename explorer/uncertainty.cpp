#include "explorer/uncertainty.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "explorer/metric.h"

namespace wattlas {
namespace {

constexpr std::size_t swungParameters = 6;  ///< per point, by influence over the scenarios
constexpr std::size_t tornadoPoints = 12;  ///< points with swings: the best ones of the duels first
constexpr int bisections = 12;             ///< of a break-even value, in the logarithm

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto i = static_cast<std::size_t>(at);
  if (i + 1 >= values.size()) return values.back();
  return rounded(values[i] + (at - static_cast<double>(i)) * (values[i + 1] - values[i]));
}

Quantiles quantilesOf(const std::vector<double>& values) {
  return {quantile(values, 0.05), quantile(values, 0.5), quantile(values, 0.95)};
}

/// A design in closed form with some parameters moved.
class ClosedForm {
 public:
  ClosedForm(ExperimentSpec spec, const Registry& registry, const SearchPath& path)
      : spec_(std::move(spec)), registry_(registry), path_(path) {
    const auto text = [](const char* t) { return ConfigNode::ofScalar(t); };
    spec_.sets.emplace_back("run.fidelity", text("analytic"));
    spec_.sets.emplace_back("run.fidelityForced", text("false"));
    const Experiment nominal = makeExperiment(spec_, registry, path);
    for (const ParameterRecord& p : nominal.platform->config.parameters)
      if (p.low < p.high && p.path.find('[') == std::string::npos) records_.emplace(p.path, p);
    ProfileCache cache;
    nominal_ = simulate(nominal, cache, {});
  }
  const ParameterRecord* parameter(const std::string& name) const {
    const auto found = records_.find(name);
    return found == records_.end() ? nullptr : &found->second;
  }
  /// Ratio of the metric to its value as given; NaN when nothing accepts the value.
  double ratio(const std::string& name, double value, const std::string& metric) const {
    const ParameterRecord* p = parameter(name);
    if (p == nullptr) return 1;
    ExperimentSpec spec = spec_;
    spec.sets.emplace_back(name, ConfigNode::ofScalar(exactQuantity(value, p->dimension)));
    try {
      ProfileCache cache;
      const RunResult r = simulate(makeExperiment(spec, registry_, path_), cache, {});
      if (!r.feasible) return std::nan("");
      return metric == "time_s" ? r.timeS / nominal_.timeS : r.energyJ / nominal_.energyJ;
    } catch (const InputError&) {
      return std::nan("");
    }
  }

 private:
  ExperimentSpec spec_;
  const Registry& registry_;
  const SearchPath& path_;
  std::map<std::string, ParameterRecord> records_;
  RunResult nominal_;
};

class Assessment {
 public:
  Assessment(const ExploreOutcome& outcome, const Registry& registry, const SearchPath& path,
             const std::function<bool()>& keepGoing)
      : outcome_(outcome),
        study_(outcome.study),
        registry_(registry),
        path_(path),
        keepGoing_(keepGoing) {}

  UncertaintyReport run() {
    choose();
    for (const std::size_t point : chosen_) {
      if (keepGoing_ && !keepGoing_()) break;
      addPoint(point);
    }
    for (auto& [a, b, metric] : pairs_)
      if (!keepGoing_ || keepGoing_()) addDuel(a, b, metric);
    for (std::size_t i = 0; i < std::min(tornadoPoints, report_.points.size()); ++i)
      if (!keepGoing_ || keepGoing_()) addSwings(report_.points[i]);
    return std::move(report_);
  }

 private:
  const ExploredPoint& at(std::size_t i) const { return outcome_.points[i]; }
  double value(std::size_t i, const std::string& metric) const {
    return metricOf(study_, at(i).outcome, metric == "time_s" ? metricTime : metricEnergy);
  }
  static const std::vector<double>& values(const ScenarioSet& set, const std::string& metric) {
    return metric == "time_s" ? set.timeS : set.energyJ;
  }

  void want(std::size_t point) {
    if (known_.insert(point).second) chosen_.push_back(point);
  }

  void choose() {
    for (std::size_t w = 0; w < study_.workloads.size(); ++w)
      for (const char* metric : {"time_s", "energy_j"}) choosePairs(w, metric);
    for (std::size_t i = 0; i < outcome_.points.size(); ++i)
      if (at(i).feasible() && (at(i).pareto || study_.uncertainty == UncertaintyOf::all)) want(i);
  }

  /// Best point of each platform; the best of all meets each other one.
  void choosePairs(std::size_t workload, const std::string& metric) {
    std::map<std::string, std::size_t> best;
    for (std::size_t i = 0; i < outcome_.points.size(); ++i) {
      if (at(i).design.workload != static_cast<std::int32_t>(workload) || !at(i).feasible())
        continue;
      const auto [entry, isNew] = best.emplace(platformOf(study_, at(i).design), i);
      if (!isNew && value(i, metric) < value(entry->second, metric)) entry->second = i;
    }
    std::vector<std::size_t> order;
    for (const auto& [platform, i] : best) order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return value(a, metric) < value(b, metric);
    });
    for (std::size_t k = 0; k < order.size(); ++k) {
      want(order[k]);
      if (k > 0) pairs_.emplace_back(order[0], order[k], metric);
    }
  }

  void addPoint(std::size_t point) {
    RunResult result;
    result.timeS = value(point, "time_s");
    result.energyJ = value(point, "energy_j");
    result.feasible = true;
    PointUncertainty u;
    u.point = point;
    u.scenarios = runScenarios(specOf(study_, at(point).design), result, registry_, path_);
    std::vector<double> power;
    for (std::size_t s = 0; s < u.scenarios.timeS.size(); ++s)
      power.push_back(u.scenarios.energyJ[s] / u.scenarios.timeS[s]);
    u.time = quantilesOf(u.scenarios.timeS);
    u.energy = quantilesOf(u.scenarios.energyJ);
    u.power = quantilesOf(power);
    index_[point] = report_.points.size();
    report_.points.push_back(std::move(u));
  }

  const ClosedForm& closedForm(std::size_t point) {
    auto& entry = forms_[point];
    if (!entry)
      entry = std::make_unique<ClosedForm>(specOf(study_, at(point).design), registry_, path_);
    return *entry;
  }

  /// Parameters with the strongest rank correlation to the metric, strongest first.
  std::vector<std::string> strongest(std::size_t point, const std::string& metric,
                                     std::size_t n) const {
    auto influences = report_.points[index_.at(point)].scenarios.influences;
    const auto on = [&](const ScenarioSet::Influence& i) {
      return std::abs(metric == "time_s" ? i.onTime : i.onEnergy);
    };
    std::stable_sort(influences.begin(), influences.end(),
                     [&](const auto& a, const auto& b) { return on(a) > on(b); });
    std::vector<std::string> out;
    for (const auto& i : influences)
      if (out.size() < n && on(i) > 0) out.push_back(i.parameter);
    return out;
  }

  void addSwings(PointUncertainty& u) {
    const ClosedForm& form = closedForm(u.point);
    for (const char* metric : {"time_s", "energy_j"}) {
      std::vector<ParameterSwing> swings;
      for (const std::string& name : strongest(u.point, metric, swungParameters)) {
        const ParameterRecord& p = *form.parameter(name);
        swings.push_back({name, metric,
                          rounded(value(u.point, metric) * form.ratio(name, p.low, metric)),
                          rounded(value(u.point, metric) * form.ratio(name, p.high, metric))});
      }
      std::stable_sort(swings.begin(), swings.end(), [](const auto& a, const auto& b) {
        return std::abs(a.high - a.low) > std::abs(b.high - b.low);
      });
      u.swings.insert(u.swings.end(), swings.begin(), swings.end());
    }
  }

  void addDuel(std::size_t a, std::size_t b, const std::string& metric) {
    if (index_.count(a) == 0 || index_.count(b) == 0) return;
    const auto& x = values(report_.points[index_[a]].scenarios, metric);
    const auto& y = values(report_.points[index_[b]].scenarios, metric);
    if (x.empty() || x.size() != y.size()) return;  // scenarios left out: not the same guesses
    Duel duel{a, b, metric, probabilityBelow(x, y), {}, {}};
    std::vector<std::string> names = strongest(a, metric, swungParameters);
    for (const std::string& name : strongest(b, metric, swungParameters))
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    double widest = 0;
    for (const std::string& name : names) {
      const ParameterRecord* p = closedForm(a).parameter(name);
      if (p == nullptr) p = closedForm(b).parameter(name);
      if (p == nullptr) continue;
      const double low = lead(duel, name, p->low), high = lead(duel, name, p->high);
      if (!std::isfinite(low) || !std::isfinite(high)) continue;
      if (std::abs(high - low) > widest) {
        widest = std::abs(high - low);
        duel.decidedBy = name;
      }
      if ((low < 0) != (high < 0)) duel.breakEven.push_back({name, breakEven(duel, *p, low)});
    }
    report_.duels.push_back(std::move(duel));
  }

  /// log(b / a) with a parameter at `value` in both designs: positive while a is better.
  double lead(const Duel& duel, const std::string& name, double at) {
    return std::log(value(duel.b, duel.metric) * closedForm(duel.b).ratio(name, at, duel.metric) /
                    (value(duel.a, duel.metric) * closedForm(duel.a).ratio(name, at, duel.metric)));
  }

  std::string breakEven(const Duel& duel, const ParameterRecord& p, double leadAtLow) {
    double low = p.low, high = p.high;
    for (int i = 0; i < bisections; ++i) {
      const double middle = low > 0 ? std::sqrt(low * high) : 0.5 * (low + high);
      ((lead(duel, p.path, middle) < 0) == (leadAtLow < 0) ? low : high) = middle;
    }
    return formatQuantity(low > 0 ? std::sqrt(low * high) : 0.5 * (low + high), p.dimension);
  }

  const ExploreOutcome& outcome_;
  const Study& study_;
  const Registry& registry_;
  const SearchPath& path_;
  const std::function<bool()>& keepGoing_;
  UncertaintyReport report_;
  std::vector<std::size_t> chosen_;
  std::set<std::size_t> known_;
  std::vector<std::tuple<std::size_t, std::size_t, std::string>> pairs_;
  std::map<std::size_t, std::size_t> index_;  ///< point -> position in the report
  std::map<std::size_t, std::unique_ptr<ClosedForm>> forms_;
};

std::string valueText(const std::string& metric, double v) {
  return formatQuantity(v, metric == "time_s" ? Dimension::time : Dimension::energy);
}

}  // namespace

UncertaintyReport assessUncertainty(const ExploreOutcome& outcome, const Registry& registry,
                                    const SearchPath& path,
                                    const std::function<bool()>& keepGoing) {
  return Assessment(outcome, registry, path, keepGoing).run();
}

std::string printUncertainty(const ExploreOutcome& outcome, const UncertaintyReport& report) {
  std::string out =
      fmt::format("under {} common scenarios (the interval of every parameter):\n", scenarioCount);
  const auto platform = [&](std::size_t i) {
    return platformOf(outcome.study, outcome.points[i].design);
  };
  for (const Duel& duel : report.duels) {
    const auto workload = static_cast<std::size_t>(outcome.points[duel.a].design.workload);
    out += fmt::format("  {} {}: {} beats {} in {:.0f} %", outcome.study.workloads[workload],
                       duel.metric, platform(duel.a), platform(duel.b), 100 * duel.probability);
    if (!duel.decidedBy.empty()) out += "; rests on " + duel.decidedBy;
    for (std::size_t i = 0; i < duel.breakEven.size(); ++i)
      out += (i == 0 ? "; level at " : " or ") + duel.breakEven[i].parameter + " = " +
             duel.breakEven[i].value;
    out += '\n';
  }
  for (const PointUncertainty& u : report.points) {
    if (u.swings.empty()) continue;
    out += fmt::format("  {} {}: time {} to {}, energy {} to {} (5 % to 95 %)\n", platform(u.point),
                       shortId(outcome.points[u.point].id), valueText("time_s", u.time.p5),
                       valueText("time_s", u.time.p95), valueText("energy_j", u.energy.p5),
                       valueText("energy_j", u.energy.p95));
    std::map<std::string, int> shown;
    for (const ParameterSwing& s : u.swings)
      if (s.low != s.high && ++shown[s.metric] <= 2)
        out += fmt::format("      {:<9} {:<40} {} .. {}\n", s.metric, s.parameter,
                           valueText(s.metric, s.low), valueText(s.metric, s.high));
  }
  return out;
}

}  // namespace wattlas
