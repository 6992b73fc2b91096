// NSGA-II over a study's design parameters: penalties, evaluation cache, neighbourhood refinement.
#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "explorer/nsga2.h"
#include "explorer/search.h"
#include "explorer/search_encoding.h"
#include "explorer/search_propose.h"

namespace wattlas {
namespace {

constexpr std::size_t patience = 50;      ///< generations without any new design
constexpr std::size_t widestStart = 256;  ///< designs

using IdSet = std::unordered_set<Hash128, Hash128Hasher>;

/// Objectives for the optimiser, which knows no constraints: an infeasible point gets in each
/// objective the worst feasible value of the calibration sample sample plus its violation.
class Penalty {
 public:
  void learn(const std::vector<ObjectiveVector>& feasible, std::size_t objectives) {
    // Without any feasible calibration sample point, everything feasible must look better.
    worst_.assign(objectives, feasible.empty() ? 1e30 : -std::numeric_limits<double>::infinity());
    span_.assign(objectives, 1e30);
    for (std::size_t o = 0; o < objectives && !feasible.empty(); ++o) {
      double best = std::numeric_limits<double>::infinity();
      for (const ObjectiveVector& v : feasible) {
        worst_[o] = std::max(worst_[o], v[o]);
        best = std::min(best, v[o]);
      }
      span_[o] = worst_[o] > best ? worst_[o] - best : std::max(std::abs(best), 1e-30);
    }
    known_ = true;
  }
  bool known() const { return known_; }
  ObjectiveVector of(double violation) const {
    ObjectiveVector out;
    for (std::size_t o = 0; o < worst_.size(); ++o) out.push_back(worst_[o] + span_[o] * violation);
    return out;
  }

 private:
  ObjectiveVector worst_, span_;
  bool known_ = false;
};

/// Generations of NSGA-II and of neighbourhood refinement take turns. Refinement is a Pareto local
/// search (Paquete, Chiarandini, Stuetzle, "Pareto local optimum sets in the biobjective traveling
/// salesman problem", 2004) on the front of all designs seen: in spaces of a few choices per design
/// parameter most of the front lies one step from known parts of it, which crossover finds only by
/// chance.
class Nsga2Search final : public Search {
 public:
  Nsga2Search(const Study& study, std::int32_t workload, std::size_t budget, std::uint64_t seed)
      : study_(study),
        encoding_(study),
        workload_(workload),
        budget_(budget),
        seed_(seed),
        ids_(study),
        proposer_(study, workload, seed),
        nsga2_(encoding_.dimensions(), study.objectives.size(), optionsFor(study, budget, seed)) {}

  SearchRequest next(const RowLookup& rows) override {
    rows_ = &rows;
    wanted_.clear();
    while (!ended_ && wanted_.empty()) {
      if (refining_)
        refine();
      else
        evolve();
    }
    rows_ = nullptr;
    return {study_.fidelity, wanted_};
  }

  std::vector<SearchTrace> traces() const override { return {{seed_, workload_, order_}}; }

 private:
  static Nsga2Options optionsFor(const Study& study, std::size_t budget, std::uint64_t seed) {
    Nsga2Options options;
    // Selection needs generations: at least ten of them, unless the study says otherwise.
    options.population = study.search.population > 0
                             ? static_cast<std::size_t>(study.search.population)
                             : std::clamp<std::size_t>(budget / 10, 8, 100);
    options.population = std::min(options.population, budget);
    options.seed = seed;
    return options;
  }

  const ExploredPoint* rowOf(const Hash128& id) const { return (*rows_)(study_.fidelity, id); }

  /// Takes the new designs among `points` into the budget; false while some have no row.
  bool take(const std::vector<DesignPoint>& points, const std::vector<Hash128>& ids) {
    std::vector<std::size_t> fresh;
    IdSet inBatch;
    for (std::size_t i = 0; i < points.size() && order_.size() + fresh.size() < budget_; ++i)
      if (seen_.count(ids[i]) == 0 && inBatch.insert(ids[i]).second) fresh.push_back(i);
    for (const std::size_t i : fresh)
      if (rowOf(ids[i]) == nullptr) wanted_.push_back(points[i]);
    if (!wanted_.empty()) return false;
    for (const std::size_t i : fresh) {
      seen_.insert(ids[i]);
      order_.push_back(ids[i]);
      auto v = feasibleObjectives(rowOf(ids[i]));
      known_.push_back({points[i], v ? *v : ObjectiveVector{}});
      if (v) addToFront(points[i], std::move(*v));
    }
    idle_ = fresh.empty() ? idle_ + 1 : 0;
    if (order_.size() >= budget_ || idle_ >= patience) ended_ = true;
    return true;
  }

  void evolve() {
    nsga2_.step([&](const std::vector<std::vector<double>>& xs)
                    -> std::optional<std::vector<ObjectiveVector>> {
      std::vector<DesignPoint> points;
      std::vector<Hash128> ids;
      for (const std::vector<double>& x : xs) {
        points.push_back(encoding_.decode(workload_, x));
        ids.push_back(ids_.of(points.back()));
      }
      if (!take(points, ids)) return std::nullopt;
      if (!penalty_.known()) learnPenalty();
      std::vector<ObjectiveVector> out;
      for (const Hash128& id : ids) out.push_back(objectives(id));
      refining_ = true;
      return out;
    });
  }

  void refine() {
    if (batch_.empty()) {
      batch_ = started_ ? proposer_.propose(
                              known_, front_,
                              [&](const Hash128& id) { return seen_.count(id) > 0; }, nsga2_.size())
                        : restOfStart();
      started_ = true;
    }
    std::vector<Hash128> ids;
    for (const DesignPoint& point : batch_) ids.push_back(ids_.of(point));
    const std::size_t idleBefore = idle_;
    if (!batch_.empty() && !take(batch_, ids)) return;
    idle_ = batch_.empty() ? idleBefore : idle_;
    std::vector<std::vector<double>> xs;
    std::vector<ObjectiveVector> values;
    for (std::size_t i = 0; i < batch_.size(); ++i) {
      if (seen_.count(ids[i]) == 0) continue;  // the budget ended before it
      xs.push_back(encoding_.encode(batch_[i]));
      values.push_back(objectives(ids[i]));
    }
    if (!xs.empty()) nsga2_.inject(xs, values);
    batch_.clear();
    refining_ = false;
  }

  /// A population is small beside the space, and what its start has not met is found by luck. So a
  /// fifth of the budget goes to a Sobol sample before selection counts.
  std::vector<DesignPoint> restOfStart() const {
    const std::size_t wanted = std::min(budget_ / 5, widestStart);
    std::vector<DesignPoint> out;
    if (wanted <= order_.size()) return out;
    for (DesignPoint& point :
         samplePoints(study_, SearchMethod::sobol,
                      (wanted - order_.size()) * study_.workloads.size(), ~seed_))
      if (point.workload == workload_ && seen_.count(ids_.of(point)) == 0)
        out.push_back(std::move(point));
    return out;
  }

  void addToFront(const DesignPoint& point, ObjectiveVector value) {
    for (const KnownDesign& member : front_)
      if (dominates(member.values, value) || member.values == value) return;
    std::erase_if(front_,
                  [&](const KnownDesign& member) { return dominates(value, member.values); });
    front_.push_back({point, std::move(value)});
  }

  std::optional<ObjectiveVector> feasibleObjectives(const ExploredPoint* point) const {
    if (point == nullptr || !point->feasible()) return std::nullopt;
    ObjectiveVector v;
    for (std::size_t o = 0; o < study_.objectives.size(); ++o) {
      v.push_back(objectiveOf(study_, *point, o));
      if (!std::isfinite(v.back())) return std::nullopt;
    }
    return v;
  }

  void learnPenalty() {
    std::vector<ObjectiveVector> feasible;
    for (const Hash128& id : order_)
      if (auto v = feasibleObjectives(rowOf(id))) feasible.push_back(std::move(*v));
    penalty_.learn(feasible, study_.objectives.size());
  }

  ObjectiveVector objectives(const Hash128& id) const {
    // A design beyond the budget counts as refused, whether or not somebody else has its row.
    const ExploredPoint* point = seen_.count(id) > 0 ? rowOf(id) : nullptr;
    if (auto v = feasibleObjectives(point)) return *v;
    // Violated constraints of a simulated point are counted; a refusal weighs more than all.
    double violation = 1.0 + static_cast<double>(study_.constraints.size());
    if (point != nullptr && point->outcome.status == PointStatus::infeasible &&
        !std::isnan(metricOf(study_, point->outcome, 0))) {
      const std::string& reason = point->outcome.reason;
      violation = 1.0 + static_cast<double>(std::count(reason.begin(), reason.end(), ';'));
    }
    return penalty_.of(violation);
  }

  const Study& study_;
  Encoding encoding_;
  std::int32_t workload_;
  std::size_t budget_, idle_ = 0;
  std::uint64_t seed_;
  PointIds ids_;
  Proposer proposer_;
  std::vector<KnownDesign> known_;
  Nsga2 nsga2_;
  Penalty penalty_;
  const RowLookup* rows_ = nullptr;
  IdSet seen_;
  std::vector<Hash128> order_;
  std::vector<KnownDesign> front_;  ///< one design a vector: equal ones lead to the same places
  std::vector<DesignPoint> wanted_, batch_;
  bool started_ = false, refining_ = false, ended_ = false;
};

}  // namespace

std::unique_ptr<Search> makeNsga2Search(const Study& study, std::int32_t workload,
                                        std::size_t budget, std::uint64_t seed) {
  return std::make_unique<Nsga2Search>(study, workload, budget, seed);
}

}  // namespace wattlas
