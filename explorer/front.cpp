#include "explorer/front.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "models/metric.h"

namespace wattlas {
namespace {

constexpr std::size_t historySteps = 64;  ///< at most so many points a curve

/// Minimised corner of one objective: as the study states it, else what was seen.
void stateCorners(const Study& study, Front& front, ObjectiveVector& best, ObjectiveVector& worst) {
  for (std::size_t o = 0; o < front.objectives.size(); ++o) {
    const Objective& objective = study.objectives[front.objectives[o]];
    const double sign = objective.maximise ? -1 : 1;
    if (objective.reference) worst[o] = sign * *objective.reference;
    if (objective.ideal) best[o] = sign * *objective.ideal;
    front.reference.push_back(sign * worst[o]);
    front.ideal.push_back(sign * best[o]);
  }
}

/// Measured, tabulated and estimated accuracies are no numbers of one kind: the kind that is
/// trusted most of those there are, or nothing where kinds may stand together or nobody speaks of
/// accuracy.
std::string kindOf(const ExploreOutcome& outcome, const std::vector<std::size_t>& members,
                   const std::vector<std::size_t>& objectives) {
  const Study& study = outcome.study;
  const auto speaks = [&](std::size_t o) {
    const std::vector<int>& slots = study.objectives[o].expression.slots();
    const int accuracy = study.slots.firstMetric() + metricAccuracy;
    return std::find(slots.begin(), slots.end(), accuracy) != slots.end();
  };
  if (study.accuracy.mixed || std::none_of(objectives.begin(), objectives.end(), speaks)) return {};
  for (const char* kind : accuracyKindNames)
    for (const std::size_t i : members)
      if (outcome.points[i].outcome.accuracyKind == kind) return kind;
  return {};
}

/// Workload -1: all of them, which do the same task.
Front frontOf(ExploreOutcome& outcome, std::int32_t workload, std::string set,
              std::vector<std::size_t> objectives) {
  const Study& study = outcome.study;
  Front front;
  if (workload >= 0) front.workload = study.workloadName(static_cast<std::size_t>(workload));
  front.set = std::move(set);
  front.objectives = std::move(objectives);
  std::vector<std::size_t> index;
  std::vector<ObjectiveVector> vectors;
  for (std::size_t i = 0; i < outcome.points.size(); ++i) {
    const ExploredPoint& point = outcome.points[i];
    if ((workload >= 0 && point.design.workload != workload) || !point.feasible()) continue;
    auto v = objectivesOf(study, point, front.objectives);
    if (!v) {
      ++front.lacking;
      continue;
    }
    index.push_back(i);
    vectors.push_back(std::move(*v));
  }
  front.accuracyKind = kindOf(outcome, index, front.objectives);
  if (!front.accuracyKind.empty()) {
    std::size_t kept = 0;
    for (std::size_t k = 0; k < index.size(); ++k) {
      if (outcome.points[index[k]].outcome.accuracyKind != front.accuracyKind) continue;
      index[kept] = index[k];
      std::swap(vectors[kept++], vectors[k]);
    }
    front.otherKinds = index.size() - kept;
    index.resize(kept);
    vectors.resize(kept);
  }
  front.compared = vectors.size();
  const std::vector<std::size_t> members = paretoFront(vectors);
  for (const std::size_t member : members) front.members.push_back(index[member]);
  if (vectors.empty()) return front;

  ObjectiveVector best = vectors.front(), worst = vectors.front();
  for (const ObjectiveVector& v : vectors)
    for (std::size_t o = 0; o < v.size(); ++o) {
      best[o] = std::min(best[o], v[o]);
      worst[o] = std::max(worst[o], v[o]);
    }
  // Normalised to the box: comparable between objectives of any unit. Where nothing is stated the
  // worst values are the reference, so extreme points of the front add no volume of their own.
  stateCorners(study, front, best, worst);
  std::vector<ObjectiveVector> found;
  for (const std::size_t member : members) found.push_back(std::move(vectors[member]));
  front.hypervolume = rounded(FrontBox(study, front).filledBy(found));
  return front;
}

/// The part of a common front that stands for one workload.
Front partOf(const Front& common, const ExploreOutcome& outcome, std::int32_t workload) {
  Front part = common;
  part.workload = outcome.study.workloadName(static_cast<std::size_t>(workload));
  std::erase_if(part.members, [&](std::size_t member) {
    return outcome.points[member].design.workload != workload;
  });
  return part;
}

/// Curves of all repetitions on one workload, measured in the box of its final front.
class Curves {
 public:
  Curves(ExploreOutcome& outcome, const Front& front)
      : outcome_(outcome), front_(front), box_(outcome.study, front) {
    for (std::size_t i = 0; i < outcome.points.size(); ++i) index_.emplace(outcome.points[i].id, i);
    for (const std::size_t member : front.members)
      target_.push_back(*objectivesOf(outcome.study, outcome.points[member]));
  }

  void add(const SearchTrace& trace) {
    std::vector<ObjectiveVector> found;
    const std::size_t step = std::max<std::size_t>(1, trace.ids.size() / historySteps);
    double volume = 0;
    for (std::size_t n = 1; n <= trace.ids.size(); ++n) {
      const auto at = index_.find(trace.ids[n - 1]);
      if (at != index_.end())
        if (auto v = objectivesOf(outcome_.study, outcome_.points[at->second])) keep(found, *v);
      if (n % step != 0 && n != trace.ids.size()) continue;
      volume = rounded(box_.filledBy(found));
      outcome_.history.push_back({static_cast<std::int64_t>(n), volume,
                                  static_cast<std::int64_t>(trace.seed), front_.workload});
    }
    volumes_.push_back(volume);
    recalls_.push_back(recallOf(target_, found));
    fewest_ = std::min(fewest_, trace.ids.size());
    most_ = std::max(most_, trace.ids.size());
  }

  void close() {
    if (volumes_.size() < 2) return;
    std::sort(volumes_.begin(), volumes_.end());
    std::sort(recalls_.begin(), recalls_.end());
    outcome_.bands.push_back({front_.workload, volumes_.size(), fewest_, most_, volumes_.front(),
                              volumes_[volumes_.size() / 2], volumes_.back(), recalls_.front(),
                              recalls_[recalls_.size() / 2]});
  }

 private:
  static void keep(std::vector<ObjectiveVector>& found, const ObjectiveVector& v) {
    for (const ObjectiveVector& other : found)
      if (dominates(other, v) || other == v) return;
    std::erase_if(found, [&](const ObjectiveVector& other) { return dominates(v, other); });
    found.push_back(v);
  }

  ExploreOutcome& outcome_;
  const Front& front_;
  FrontBox box_;
  std::unordered_map<Hash128, std::size_t, Hash128Hasher> index_;
  std::vector<ObjectiveVector> target_;
  std::vector<double> volumes_, recalls_;
  std::size_t fewest_ = SIZE_MAX, most_ = 0;
};

}  // namespace

std::optional<ObjectiveVector> objectivesOf(const Study& study, const ExploredPoint& point,
                                            const std::vector<std::size_t>& which) {
  if (!point.feasible()) return std::nullopt;
  ObjectiveVector v;
  const std::size_t n = which.empty() ? study.objectives.size() : which.size();
  for (std::size_t o = 0; o < n; ++o) {
    v.push_back(objectiveOf(study, point, which.empty() ? o : which[o]));
    if (std::isnan(v.back())) return std::nullopt;
  }
  return v;
}

FrontBox::FrontBox(const Study& study, const Front& front) {
  for (std::size_t o = 0; o < front.ideal.size(); ++o) {
    const double sign = study.objectives[front.objectives[o]].maximise ? -1 : 1;
    ideal.push_back(sign * front.ideal[o]);
    reference.push_back(sign * front.reference[o]);
  }
}

double FrontBox::filledBy(const std::vector<ObjectiveVector>& vectors) const {
  std::vector<ObjectiveVector> scaled = vectors;
  for (ObjectiveVector& v : scaled)
    for (std::size_t o = 0; o < v.size(); ++o)
      // Beyond a stated ideal value nothing is gained: the box is what counts.
      v[o] = reference[o] > ideal[o] ? std::max(0.0, (v[o] - ideal[o]) / (reference[o] - ideal[o]))
                                     : 0.0;
  return hypervolume(scaled, ObjectiveVector(ideal.size(), 1.0));
}

double recallOf(const std::vector<ObjectiveVector>& front,
                const std::vector<ObjectiveVector>& found) {
  const std::set<ObjectiveVector> wanted(front.begin(), front.end());
  const std::set<ObjectiveVector> have(found.begin(), found.end());
  if (wanted.empty()) return 1;
  std::size_t hits = 0;
  for (const ObjectiveVector& v : wanted) hits += have.count(v);
  return static_cast<double>(hits) / static_cast<double>(wanted.size());
}

void findFronts(ExploreOutcome& outcome) {
  outcome.fronts.clear();
  outcome.partFronts.clear();
  outcome.history.clear();
  outcome.bands.clear();
  std::vector<std::size_t> all;
  for (std::size_t o = 0; o < outcome.study.objectives.size(); ++o) all.push_back(o);
  for (ExploredPoint& point : outcome.points) point.pareto = false;
  const bool together = outcome.study.oneTask;
  const Front common = together ? frontOf(outcome, -1, {}, all) : Front{};
  for (std::size_t w = 0; w < outcome.study.workloads.size(); ++w) {
    const auto workload = static_cast<std::int32_t>(w);
    outcome.fronts.push_back(together ? partOf(common, outcome, workload)
                                      : frontOf(outcome, workload, {}, all));
    const Front& front = outcome.fronts.back();
    for (const std::size_t member : front.members) outcome.points[member].pareto = true;
    for (const FrontSet& set : outcome.study.fronts)
      outcome.partFronts.push_back(frontOf(outcome, workload, set.name, set.objectives));
    if (outcome.traces.empty() || front.members.empty()) continue;
    Curves curves(outcome, front);
    for (const SearchTrace& trace : outcome.traces)
      if (trace.workload == workload) curves.add(trace);
    curves.close();
  }
}

}  // namespace wattlas
