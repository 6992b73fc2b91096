#include "explorer/uncertainty.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <tuple>

#include "explorer/metric.h"

namespace wattlas {
namespace {

constexpr const char* metrics[] = {"time_s", "energy_j"};
constexpr std::size_t tornadoPoints = 12;  ///< of a workload: best ones of its platforms first

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
