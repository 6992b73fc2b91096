#include "explorer/pareto.h"

#include <algorithm>
#include <cmath>
#include <pagmo/utils/hypervolume.hpp>

namespace wattlas {

bool dominates(const ObjectiveVector& a, const ObjectiveVector& b) {
  bool better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    better = better || a[i] < b[i];
  }
  return better;
}

std::vector<std::size_t> paretoFront(const std::vector<ObjectiveVector>& vectors) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < vectors.size(); ++i)
    if (std::none_of(vectors[i].begin(), vectors[i].end(), [](double v) { return std::isnan(v); }))
      order.push_back(i);
  // In lexicographic order nothing is dominated by something later, so one pass against the front
  // found so far is enough.
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return vectors[a] < vectors[b]; });
  std::vector<std::size_t> front;
  for (const std::size_t candidate : order) {
    const bool beaten = std::any_of(front.rbegin(), front.rend(), [&](std::size_t member) {
      return dominates(vectors[member], vectors[candidate]);
    });
    if (!beaten) front.push_back(candidate);
  }
  std::sort(front.begin(), front.end());
  return front;
}

double hypervolume(const std::vector<ObjectiveVector>& vectors, const ObjectiveVector& reference) {
  std::vector<ObjectiveVector> inside;
  for (const std::size_t i : paretoFront(vectors)) {
    const ObjectiveVector& v = vectors[i];
    bool beats = v.size() == reference.size();
    for (std::size_t o = 0; beats && o < v.size(); ++o) beats = v[o] < reference[o];
    if (beats) inside.push_back(v);
  }
  if (inside.empty() || reference.empty()) return 0;
  // The members of a front of one objective are equal.
  if (reference.size() == 1) return reference[0] - inside[0][0];
  return pagmo::hypervolume(std::move(inside), false).compute(reference);
}

}  // namespace wattlas
