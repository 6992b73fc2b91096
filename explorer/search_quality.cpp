#include "explorer/search_quality.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "explorer/front.h"
#include "explorer/screening.h"

namespace wattlas {
namespace {

using Index = std::unordered_map<Hash128, std::size_t, Hash128Hasher>;

Index indexOf(const ExploreOutcome& outcome) {
  Index index;
  for (std::size_t i = 0; i < outcome.points.size(); ++i) index.emplace(outcome.points[i].id, i);
  return index;
}

/// The true front of a workload and its box.
struct Truth {
  std::vector<ObjectiveVector> front;  ///< different vectors
  FrontBox box;
  double volume = 0;

  Truth(const ExploreOutcome& whole, std::size_t workload)
      : box(whole.study, whole.fronts[workload]) {
    std::set<ObjectiveVector> different;
    for (const std::size_t member : whole.fronts[workload].members)
      different.insert(*objectivesOf(whole.study, whole.points[member]));
    front.assign(different.begin(), different.end());
    volume = box.filledBy(front);
  }
};

std::vector<ObjectiveVector> vectorsOf(const ExploreOutcome& whole, const Index& index,
                                       const std::vector<Hash128>& ids) {
  std::vector<ObjectiveVector> out;
  for (const Hash128& id : ids) {
    const auto at = index.find(id);
    if (at == index.end()) continue;
    if (auto v = objectivesOf(whole.study, whole.points[at->second])) out.push_back(std::move(*v));
  }
  return out;
}

std::size_t hits(const std::vector<ObjectiveVector>& front,
                 const std::vector<ObjectiveVector>& found) {
  const std::set<ObjectiveVector> have(found.begin(), found.end());
  return static_cast<std::size_t>(
      std::count_if(front.begin(), front.end(), [&](const auto& v) { return have.count(v) > 0; }));
}

}  // namespace

std::vector<SearchQuality> searchQuality(const ExploreOutcome& whole, std::size_t budget,
                                         std::size_t seeds) {
  const Index index = indexOf(whole);
  const RowLookup rows = [&](const std::string&, const Hash128& id) -> const ExploredPoint* {
    const auto at = index.find(id);
    return at == index.end() ? nullptr : &whole.points[at->second];
  };
  std::vector<SearchQuality> out;
  for (std::size_t w = 0; w < whole.study.workloads.size(); ++w) {
    const Truth truth(whole, w);
    const auto add = [&](const char* method, std::uint64_t seed, const std::vector<Hash128>& ids) {
      const auto found = vectorsOf(whole, index, ids);
      out.push_back({whole.study.workloads[w], method, seed, ids.size(),
                     truth.volume > 0 ? rounded(truth.box.filledBy(found) / truth.volume) : 1.0,
                     hits(truth.front, found), truth.front.size()});
    };
    for (std::uint64_t s = 0; s < seeds; ++s) {
      const std::uint64_t seed = whole.study.search.seed + s;
      const auto search = makeNsga2Search(whole.study, static_cast<std::int32_t>(w), budget, seed);
      (void)search->next(rows);
      add("nsga2", seed, search->traces().front().ids);
      for (const SearchMethod method : {SearchMethod::sobol, SearchMethod::random}) {
        std::vector<Hash128> ids;
        for (const DesignPoint& point :
             samplePoints(whole.study, method, budget * whole.study.workloads.size(), seed))
          if (point.workload == static_cast<std::int32_t>(w))
            ids.push_back(idOf(whole.study, point));
        add(nameOf(method), seed, ids);
      }
    }
  }
  return out;
}

std::string printQuality(const std::vector<SearchQuality>& rows) {
  std::string out = fmt::format("{:<18} {:<8} {:>6} {:>12} {:>12} {:>14}\n", "workload", "method",
                                "seed", "evaluations", "hypervolume", "front found");
  for (const SearchQuality& q : rows)
    out += fmt::format("{:<18} {:<8} {:>6} {:>12} {:>12.5f} {:>6} of {:>4}\n", q.workload, q.method,
                       q.seed, q.evaluations, q.hypervolume, q.found, q.front);
  return out;
}

std::vector<ScreeningQuality> screeningQuality(const ExploreOutcome& simulated,
                                               const ExploreOutcome& analytic,
                                               std::int64_t calibrationSample) {
  Study study = simulated.study;
  study.search.screening.on = true;
  study.search.screening.calibrationSample = calibrationSample;
  const Index above = indexOf(simulated), below = indexOf(analytic);
  std::set<Hash128> asked;
  const RowLookup rows = [&](const std::string& fidelity,
                             const Hash128& id) -> const ExploredPoint* {
    const bool first = fidelity == "analytic";
    const Index& index = first ? below : above;
    const auto at = index.find(id);
    if (at == index.end()) return nullptr;
    if (!first) asked.insert(id);
    return first ? &analytic.points[at->second] : &simulated.points[at->second];
  };
  std::vector<DesignPoint> plan;
  for (const ExploredPoint& point : simulated.points) plan.push_back(point.design);
  (void)makeScreeningSearch(study, std::move(plan))->next(rows);

  std::vector<ScreeningQuality> out;
  for (std::size_t w = 0; w < study.workloads.size(); ++w) {
    ScreeningQuality q;
    q.workload = study.workloads[w];
    const Truth truth(simulated, w);
    std::vector<Hash128> ids;
    for (const ExploredPoint& point : simulated.points) {
      if (point.design.workload != static_cast<std::int32_t>(w)) continue;
      ++q.points;
      if (asked.count(point.id) > 0) ids.push_back(point.id);
    }
    q.simulated = ids.size();
    q.front = truth.front.size();
    q.found = hits(truth.front, vectorsOf(simulated, above, ids));
    out.push_back(std::move(q));
  }
  return out;
}

std::string printQuality(const std::vector<ScreeningQuality>& rows) {
  std::string out = fmt::format("{:<18} {:>8} {:>10} {:>12} {:>14}\n", "workload", "points",
                                "simulated", "times fewer", "front found");
  for (const ScreeningQuality& q : rows)
    out += fmt::format(
        "{:<18} {:>8} {:>10} {:>12.1f} {:>6} of {:>4}\n", q.workload, q.points, q.simulated,
        q.simulated > 0 ? static_cast<double>(q.points) / static_cast<double>(q.simulated) : 0.0,
        q.found, q.front);
  return out;
}

}  // namespace wattlas
