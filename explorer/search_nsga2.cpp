// NSGA-II over a study's genes: encoding, penalties, evaluation cache.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "explorer/archive.h"
#include "explorer/nsga2.h"

namespace wattlas {
namespace {

constexpr std::size_t patience = 50;  ///< generations without any new design

/// Genes in [0, 1]: one coordinate each, but one per choice for categorical genes (the largest
/// wins), because distance between names means nothing to crossover.
class Encoding {
 public:
  explicit Encoding(const Study& study) : study_(study) {
    for (const Gene& gene : study.genes) dimensions_ += keysOf(gene);
  }
  std::size_t dimensions() const { return dimensions_; }

  DesignPoint decode(std::int32_t workload, const std::vector<double>& x) const {
    DesignPoint point{workload, {}};
    std::size_t at = 0;
    for (const Gene& gene : study_.genes) {
      const std::size_t n = keysOf(gene);
      if (n == 1) {
        point.genes.push_back(gene.at(std::min(x[at], 1.0 - 1e-12)));
      } else {
        const auto first = x.begin() + static_cast<std::ptrdiff_t>(at);
        point.genes.push_back(static_cast<double>(
            std::max_element(first, first + static_cast<std::ptrdiff_t>(n)) - first));
      }
      at += n;
    }
    canonicalise(study_, point);
    return point;
  }

 private:
  static std::size_t keysOf(const Gene& gene) {
    // Two choices need no distance, and very many would drown the other genes.
    const bool oneHot =
        gene.kind == Gene::Kind::categorical && gene.choices() > 2 && gene.choices() <= 64;
    return oneHot ? gene.choices() : 1;
  }
  const Study& study_;
  std::size_t dimensions_ = 0;
};

/// Objectives for the optimiser, which knows no constraints: an infeasible point gets in each
/// objective the worst feasible value of the pilot sample plus its violation.
class Penalty {
 public:
  void learn(const std::vector<ObjectiveVector>& feasible, std::size_t objectives) {
    // Without any feasible pilot point, everything feasible must look better.
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

class Search {
 public:
  Search(Archive& archive, std::int32_t workload, std::size_t budget)
      : archive_(archive),
        study_(archive.study()),
        encoding_(study_),
        workload_(workload),
        budget_(budget) {}

  bool run() {
    Nsga2Options options;
    options.population = std::min(static_cast<std::size_t>(study_.search.population), budget_);
    options.generations = std::numeric_limits<std::size_t>::max();
    options.seed = study_.search.seed;
    runNsga2(encoding_.dimensions(), study_.objectives.size(), options,
             [&](const std::vector<std::vector<double>>& xs) { return fitness(xs); });
    return !interrupted_;
  }

 private:
  std::optional<std::vector<ObjectiveVector>> fitness(const std::vector<std::vector<double>>& xs) {
    if (used_ >= budget_ || idle_ >= patience) return std::nullopt;
    std::vector<DesignPoint> fresh;
    std::vector<Hash128> ids;
    for (const std::vector<double>& x : xs) {
      DesignPoint point = encoding_.decode(workload_, x);
      ids.push_back(idOf(study_, point));
      const bool isNew = archive_.find(ids.back()) == nullptr && pending_.insert(ids.back()).second;
      if (isNew && used_ + fresh.size() < budget_) fresh.push_back(std::move(point));
    }
    pending_.clear();
    used_ += fresh.size();
    idle_ = fresh.empty() ? idle_ + 1 : 0;
    if (!archive_.evaluate(fresh)) {
      interrupted_ = true;
      return std::nullopt;
    }
    if (!penalty_.known()) learnPenalty(ids);
    std::vector<ObjectiveVector> out;
    for (const Hash128& id : ids) out.push_back(objectives(archive_.find(id)));
    return out;
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

  void learnPenalty(const std::vector<Hash128>& ids) {
    std::vector<ObjectiveVector> feasible;
    for (const Hash128& id : ids)
      if (auto v = feasibleObjectives(archive_.find(id))) feasible.push_back(std::move(*v));
    penalty_.learn(feasible, study_.objectives.size());
  }

  ObjectiveVector objectives(const ExploredPoint* point) const {
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

  Archive& archive_;
  const Study& study_;
  Encoding encoding_;
  std::int32_t workload_;
  std::size_t budget_, used_ = 0, idle_ = 0;
  Penalty penalty_;
  std::set<Hash128> pending_;
  bool interrupted_ = false;
};

}  // namespace

bool searchNsga2(Archive& archive, std::int32_t workload, std::size_t budget) {
  return Search(archive, workload, budget).run();
}

}  // namespace wattlas
