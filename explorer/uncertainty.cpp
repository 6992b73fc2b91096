#include "explorer/uncertainty.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <tuple>

#include "models/metric.h"

namespace wattlas {
namespace {

constexpr const char* metrics[] = {"time_s", "energy_j"};
constexpr double reach = 10;                ///< times the winner's worst value
constexpr std::size_t alikeContenders = 4;  ///< of a study with one platform
constexpr std::size_t tornadoPoints = 12;   ///< of a workload: best ones of its platforms first

class Assessment {
 public:
  Assessment(const ExploreOutcome& outcome, const Registry& registry, const SearchPath& path,
             const std::function<bool()>& keepGoing, const SimulateMany& simulateMany)
      : outcome_(outcome),
        study_(outcome.study),
        registry_(registry),
        path_(path),
        maker_(registry, path),
        keepGoing_(keepGoing),
        simulateMany_(simulateMany) {}

  UncertaintyReport run() {
    for (std::size_t w = 0; w < study_.workloads.size(); ++w)
      for (std::size_t o = 0; o < study_.objectives.size(); ++o)
        if (goesOn()) addChance(w, o);
    if (study_.uncertainty == UncertaintyOf::winners) return std::move(report_);
    choose();
    for (const std::size_t point : chosen_)
      if (goesOn()) addPoint(point);
    for (const auto& [a, b, metric] : pairs_)
      if (goesOn()) addComparison(a, b, metric);
    std::map<std::int32_t, std::size_t> swung;
    for (PointUncertainty& u : report_.points)
      if (goesOn() && ++swung[at(u.point).design.workload] <= tornadoPoints) addSwings(u);
    confirmWinners();
    return std::move(report_);
  }

 private:
  const ExploredPoint& at(std::size_t i) const { return outcome_.points[i]; }
  double value(std::size_t i, const std::string& metric) const {
    return metricOf(study_, at(i).outcome, metric == "time_s" ? metricTime : metricEnergy);
  }
  bool goesOn() const { return !keepGoing_ || keepGoing_(); }

  void want(std::size_t point) {
    if (known_.insert(point).second) chosen_.push_back(point);
  }

  void choose() {
    for (std::size_t w = 0; w < study_.workloads.size(); ++w)
      for (const char* metric : metrics) choosePairs(w, metric);
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
    if (!order.empty()) report_.winners.push_back({order[0], metric});
    for (std::size_t k = 0; k < order.size(); ++k) {
      want(order[k]);
      if (k > 0) pairs_.emplace_back(order[0], order[k], metric);
    }
  }

  void addPoint(std::size_t point) {
    if (index_.count(point) > 0) return;
    RunResult result;
    result.timeS = value(point, "time_s");
    result.energyJ = value(point, "energy_j");
    result.feasible = true;
    PointUncertainty u;
    u.point = point;
    u.scenarios =
        runScenarios(specOf(study_, at(point).design), result, registry_, path_, study_.metrics);
    std::vector<double> power;
    for (std::size_t s = 0; s < u.scenarios.timeS.size(); ++s)
      power.push_back(u.scenarios.energyJ[s] / u.scenarios.timeS[s]);
    u.time = quantilesOf(u.scenarios.timeS);
    u.energy = quantilesOf(u.scenarios.energyJ);
    u.power = quantilesOf(power);
    for (std::size_t o = 0; o < study_.objectives.size(); ++o)
      u.objectives.push_back(quantilesOf(valuesOf(u, o)));
    index_[point] = report_.points.size();
    report_.points.push_back(std::move(u));
  }

  /// An objective over the scenarios, as given; refused scenarios are left out.
  std::vector<double> valuesOf(const PointUncertainty& u, std::size_t o) const {
    std::vector<double> values = costsOf(u, o);
    std::erase_if(values, [](double v) { return !std::isfinite(v); });
    if (study_.objectives[o].maximise)
      for (double& v : values) v = -v;
    return values;
  }

  /// The same by scenario, less is better; NaN where the scenario is refused.
  std::vector<double> costsOf(const PointUncertainty& u, std::size_t o) const {
    const ExploredPoint& nominal = at(u.point);
    ExploredPoint moved{nominal.id, nominal.design, {}, false};
    moved.outcome.status = PointStatus::done;
    moved.outcome.metrics.resize(study_.metrics.size());
    std::vector<double> costs;
    for (std::size_t s = 0; s < static_cast<std::size_t>(scenarioCount); ++s) {
      for (std::size_t m = 0; m < study_.metrics.size(); ++m) {
        const double given = nominal.outcome.metrics[m];
        moved.outcome.metrics[m] = given == 0 ? 0 : given * u.scenarios.ratios[m][s];
      }
      const bool refused = std::isnan(u.scenarios.ratios[metricTime][s]);
      costs.push_back(refused ? std::nan("") : objectiveOf(study_, moved, o));
    }
    return costs;
  }

  /// Best point of each platform in an objective, the best of all first. Where there is one
  /// platform alone, its best points.
  std::vector<std::size_t> contenders(std::size_t workload, std::size_t o) const {
    std::vector<std::pair<double, std::size_t>> all;
    for (std::size_t i = 0; i < outcome_.points.size(); ++i)
      if (at(i).feasible() && at(i).design.workload == static_cast<std::int32_t>(workload))
        if (const double cost = objectiveOf(study_, at(i), o); std::isfinite(cost))
          all.emplace_back(cost, i);
    std::sort(all.begin(), all.end());
    std::vector<std::size_t> best;
    std::set<std::string> platforms;
    for (const auto& [cost, i] : all)
      if (platforms.insert(platformOf(study_, at(i).design)).second) best.push_back(i);
    if (platforms.size() != 1) return best;
    best.clear();
    for (const auto& [cost, i] : all)
      if (best.size() < alikeContenders) best.push_back(i);
    return best;
  }

  void addChance(std::size_t workload, std::size_t o) {
    const Objective& objective = study_.objectives[o];
    // No constant of a platform moves what a network knows.
    if (objective.name == metricAt(metricAccuracy).name) return;
    const std::vector<std::size_t> order = contenders(workload, o);
    if (order.empty()) return;
    const double sign = objective.maximise ? -1 : 1;
    addPoint(order[0]);
    const std::vector<double> own = costsOf(report_.points[index_.at(order[0])], o);
    const double worst = *std::max_element(own.begin(), own.end(), [](double a, double b) {
      return std::isnan(b) ? false : std::isnan(a) || a < b;
    });
    std::vector<std::vector<double>> others;
    for (std::size_t k = 1; k < order.size() && goesOn(); ++k) {
      if (outOfReach(objectiveOf(study_, at(order[k]), o), worst)) break;
      addPoint(order[k]);
      others.push_back(costsOf(report_.points[index_.at(order[k])], o));
    }
    const Chance chance = chanceToBeBest(own, others);
    WinnerRow row{study_.workloadName(workload), objective.name, shortId(at(order[0]).id), {}, {}};
    if (chance.rival) row.rival = shortId(at(order[1 + *chance.rival]).id);
    row.probability = chance.probability;
    const PointUncertainty& u = report_.points[index_.at(order[0])];
    row.value = sign * objectiveOf(study_, at(order[0]), o);
    row.low = u.objectives[o].p5;
    row.high = u.objectives[o].p95;
    const bool timed = objective.expression.type().dimension == Dimension::time ||
                       objective.name.find("per_s") != std::string::npos;
    const auto strongest = influential(u.scenarios, timed ? "time_s" : "energy_j", 1);
    if (!strongest.empty() && row.low < row.high) row.restsOn = strongest.front();
    report_.chances.push_back(std::move(row));
  }

  /// Rivals this far behind the winner's worst scenario are taken as beaten.
  static bool outOfReach(double cost, double worst) {
    return worst > 0 ? cost > reach * worst : worst < 0 && cost > worst / reach;
  }

  const ClosedForm& closedForm(std::size_t point) {
    auto& entry = forms_[point];
    if (!entry) entry = std::make_unique<ClosedForm>(specOf(study_, at(point).design), maker_);
    return *entry;
  }
  Contender contender(std::size_t point) {
    return {closedForm(point), report_.points[index_.at(point)].scenarios, value(point, "time_s"),
            value(point, "energy_j")};
  }

  void addSwings(PointUncertainty& u) {
    for (const char* metric : metrics) {
      const std::vector<ParameterSwing> swings = swingsOf(contender(u.point), metric);
      u.swings.insert(u.swings.end(), swings.begin(), swings.end());
    }
  }

  void addComparison(std::size_t a, std::size_t b, const std::string& metric) {
    if (index_.count(a) == 0 || index_.count(b) == 0) return;
    if (auto comparison = comparisonOf(contender(a), contender(b), metric))
      report_.comparisons.push_back({a, b, std::move(*comparison)});
  }

  /// The closed form decides how far a parameter moves a result; for the best point of each
  /// objective the strongest ones are simulated too.
  void confirmWinners() {
    if (!simulateMany_ || study_.fidelity == "analytic") return;
    std::set<std::size_t> winners;
    for (const Winner& winner : report_.winners) winners.insert(winner.point);
    for (const std::size_t winner : winners)
      if (goesOn() && index_.count(winner) > 0)
        confirmSwings(closedForm(winner), report_.points[index_[winner]].swings, simulateMany_);
  }

  const ExploreOutcome& outcome_;
  const Study& study_;
  const Registry& registry_;
  const SearchPath& path_;
  ExperimentMaker maker_;
  const std::function<bool()>& keepGoing_;
  const SimulateMany& simulateMany_;
  UncertaintyReport report_;
  std::vector<std::size_t> chosen_;
  std::set<std::size_t> known_;
  std::vector<std::tuple<std::size_t, std::size_t, std::string>> pairs_;
  std::map<std::size_t, std::size_t> index_;  ///< point -> position in the report
  std::map<std::size_t, std::unique_ptr<ClosedForm>> forms_;
};

}  // namespace

UncertaintyReport assessUncertainty(const ExploreOutcome& outcome, const Registry& registry,
                                    const SearchPath& path, const std::function<bool()>& keepGoing,
                                    const SimulateMany& simulateMany) {
  return Assessment(outcome, registry, path, keepGoing, simulateMany).run();
}

}  // namespace wattlas
