// Fronts, genes without effect and infeasible regions of a set of rows.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>

#include "explorer/explore.h"
#include "explorer/metric.h"

namespace wattlas {
namespace {

Front frontOf(ExploreOutcome& outcome, std::int32_t workload) {
  const Study& study = outcome.study;
  Front front;
  front.workload = study.workloads[static_cast<std::size_t>(workload)];
  std::vector<std::size_t> index;
  std::vector<ObjectiveVector> vectors;
  for (std::size_t i = 0; i < outcome.points.size(); ++i) {
    const ExploredPoint& point = outcome.points[i];
    if (point.design.workload != workload || !point.feasible()) continue;
    ObjectiveVector v;
    for (std::size_t o = 0; o < study.objectives.size(); ++o)
      v.push_back(objectiveOf(study, point, o));
    if (std::any_of(v.begin(), v.end(), [](double x) { return std::isnan(x); })) {
      ++front.lacking;
      continue;
    }
    index.push_back(i);
    vectors.push_back(std::move(v));
  }
  front.compared = vectors.size();
  for (const std::size_t member : paretoFront(vectors)) {
    front.members.push_back(index[member]);
    outcome.points[index[member]].pareto = true;
  }
  if (vectors.empty()) return front;

  ObjectiveVector best = vectors.front(), worst = vectors.front();
  for (const ObjectiveVector& v : vectors)
    for (std::size_t o = 0; o < v.size(); ++o) {
      best[o] = std::min(best[o], v[o]);
      worst[o] = std::max(worst[o], v[o]);
    }
  // Normalised to the box from best to worst: comparable between objectives of any unit. The worst
  // values are the stated reference, so extreme points of the front add no volume of their own.
  std::vector<ObjectiveVector> scaled;
  for (const std::size_t member : paretoFront(vectors)) {
    ObjectiveVector v = vectors[member];
    for (std::size_t o = 0; o < v.size(); ++o)
      v[o] = worst[o] > best[o] ? (v[o] - best[o]) / (worst[o] - best[o]) : 0.0;
    scaled.push_back(std::move(v));
  }
  front.hypervolume = rounded(hypervolume(scaled, ObjectiveVector(best.size(), 1.0)));
  for (std::size_t o = 0; o < worst.size(); ++o)
    front.reference.push_back(study.objectives[o].maximise ? -worst[o] : worst[o]);
  return front;
}

/// What a gene could change in a row.
bool sameAnswer(const PointOutcome& a, const PointOutcome& b) {
  if (a.status != b.status || a.metrics.size() != b.metrics.size()) return false;
  for (std::size_t m = 0; m < a.metrics.size(); ++m)
    if (!(a.metrics[m] == b.metrics[m] || (std::isnan(a.metrics[m]) && std::isnan(b.metrics[m]))))
      return false;
  return true;
}

Hash128 hashWithout(const DesignPoint& point, std::size_t gene) {
  Hasher hasher;
  hasher.integer(point.workload);
  for (std::size_t g = 0; g < point.genes.size(); ++g)
    if (g != gene) hasher.real(std::isnan(point.genes[g]) ? -1e300 : point.genes[g]);
  return hasher.finish();
}

std::vector<GeneEffect> effectsOf(const ExploreOutcome& outcome) {
  const Study& study = outcome.study;
  std::vector<GeneEffect> out;
  const int platformGene = study.geneIndex("platform");
  for (std::size_t g = 0; g < study.genes.size(); ++g) {
    const bool isPlatform = static_cast<int>(g) == platformGene;
    std::map<std::string, GeneEffect> byPlatform;
    std::unordered_map<Hash128, std::size_t, Hash128Hasher> first;
    for (std::size_t i = 0; i < outcome.points.size(); ++i) {
      const ExploredPoint& point = outcome.points[i];
      if (std::isnan(point.design.genes[g]) || point.outcome.status == PointStatus::failed)
        continue;
      const std::string platform = isPlatform ? "" : platformOf(study, point.design);
      GeneEffect& effect = byPlatform[platform];
      const auto [at, isFirst] = first.emplace(hashWithout(point.design, g), i);
      if (isFirst) continue;
      ++effect.pairs;
      if (!sameAnswer(outcome.points[at->second].outcome, point.outcome))
        effect.changesAnything = true;
    }
    for (auto& [platform, effect] : byPlatform) {
      effect.gene = study.genes[g].key;
      effect.platform = platform;
      out.push_back(effect);
    }
  }
  return out;
}

/// Reasons that differ only in numbers are one region.
std::string withoutNumbers(const std::string& reason) {
  std::string out;
  for (std::size_t i = 0; i < reason.size(); ++i) {
    const bool digit = reason[i] >= '0' && reason[i] <= '9';
    if (!digit) {
      out += reason[i];
    } else if (out.empty() || out.back() != '#') {
      out += '#';
    }
    while (digit && i + 1 < reason.size() &&
           ((reason[i + 1] >= '0' && reason[i + 1] <= '9') || reason[i + 1] == '.'))
      ++i;
  }
  return out;
}

struct RegionBuilder {
  InfeasibleRegion region;
  std::int32_t workload = 0;  ///< -1: several
  std::vector<Coordinate> genes;
  std::vector<bool> shared;
};

std::vector<InfeasibleRegion> regionsOf(const ExploreOutcome& outcome) {
  const Study& study = outcome.study;
  std::map<std::string, RegionBuilder> byReason;
  std::vector<std::string> order;
  const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  for (const ExploredPoint& point : outcome.points) {
    if (point.feasible()) continue;
    const std::string key = withoutNumbers(point.outcome.reason);
    const auto [at, isNew] = byReason.try_emplace(key);
    RegionBuilder& builder = at->second;
    if (isNew) {
      order.push_back(key);
      builder = {{point.outcome.reason, 0, point.outcome.status == PointStatus::failed, {}},
                 point.design.workload,
                 point.design.genes,
                 std::vector<bool>(study.genes.size(), true)};
    }
    ++builder.region.count;
    if (builder.workload != point.design.workload) builder.workload = -1;
    for (std::size_t g = 0; g < study.genes.size(); ++g)
      if (!same(builder.genes[g], point.design.genes[g])) builder.shared[g] = false;
  }
  std::vector<InfeasibleRegion> out;
  for (const std::string& key : order) {
    RegionBuilder& builder = byReason[key];
    if (builder.workload >= 0 && study.workloads.size() > 1)
      builder.region.common.push_back("workload = " +
                                      study.workloads[static_cast<std::size_t>(builder.workload)]);
    for (std::size_t g = 0; g < study.genes.size(); ++g)
      if (builder.shared[g] && !std::isnan(builder.genes[g]) &&
          (study.genes[g].continuous() || study.genes[g].choices() > 1))
        builder.region.common.push_back(study.genes[g].key + " = " +
                                        study.genes[g].text(builder.genes[g]));
    out.push_back(std::move(builder.region));
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return a.failed != b.failed ? a.failed : a.count > b.count;
  });
  return out;
}

}  // namespace

void analyse(ExploreOutcome& outcome) {
  outcome.fronts.clear();
  for (ExploredPoint& point : outcome.points) point.pareto = false;
  for (std::size_t w = 0; w < outcome.study.workloads.size(); ++w)
    outcome.fronts.push_back(frontOf(outcome, static_cast<std::int32_t>(w)));
  outcome.effects = effectsOf(outcome);
  outcome.regions = regionsOf(outcome);
}

}  // namespace wattlas
