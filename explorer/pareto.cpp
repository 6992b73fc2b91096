#include "explorer/pareto.h"

#include <algorithm>
#include <cmath>
#include <numeric>

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

namespace {

using Vectors = std::vector<ObjectiveVector>;

double boxVolume(const ObjectiveVector& v, const ObjectiveVector& reference, std::size_t d) {
  double volume = 1;
  for (std::size_t i = 0; i < d; ++i) volume *= reference[i] - v[i];
  return volume;
}

Vectors frontOf(const Vectors& vectors) {
  Vectors out;
  for (const std::size_t i : paretoFront(vectors)) out.push_back(vectors[i]);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

/// `vectors` sorted ascending in the first objective, mutually non-dominated.
double area(const Vectors& vectors, const ObjectiveVector& reference) {
  double sum = 0, ceiling = reference[1];
  for (const ObjectiveVector& v : vectors) {
    sum += (reference[0] - v[0]) * (ceiling - v[1]);
    ceiling = v[1];
  }
  return sum;
}

/// While, Bradstreet, Barone, "A Fast Way of Calculating Exact Hypervolumes" (2012): the volume is
/// the sum of what each vector adds to those after it.
double wfg(Vectors vectors, const ObjectiveVector& reference) {
  const std::size_t d = reference.size();
  if (d == 1) {
    double best = reference[0];
    for (const ObjectiveVector& v : vectors) best = std::min(best, v[0]);
    return reference[0] - best;
  }
  vectors = frontOf(vectors);
  if (d == 2) return area(vectors, reference);
  // Worst in the last objective first: limiting by it then drops most of the others, and the
  // remaining problem has one objective less.
  std::sort(vectors.begin(), vectors.end(), [d](const auto& a, const auto& b) {
    return a[d - 1] != b[d - 1] ? a[d - 1] > b[d - 1] : a < b;
  });
  const ObjectiveVector lower(reference.begin(), reference.end() - 1);
  double sum = 0;
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    // Everything after i is at most as bad in the last objective, so the overlap with i's box has
    // i's full height there: a problem in d - 1 dimensions.
    Vectors limited;
    for (std::size_t j = i + 1; j < vectors.size(); ++j) {
      ObjectiveVector v(d - 1);
      for (std::size_t k = 0; k + 1 < d; ++k) v[k] = std::max(vectors[i][k], vectors[j][k]);
      limited.push_back(std::move(v));
    }
    const double height = reference[d - 1] - vectors[i][d - 1];
    const double base = boxVolume(vectors[i], reference, d - 1);
    sum += height * (base - (limited.empty() ? 0.0 : wfg(std::move(limited), lower)));
  }
  return sum;
}

}  // namespace

double hypervolume(const std::vector<ObjectiveVector>& vectors, const ObjectiveVector& reference) {
  Vectors inside;
  for (const ObjectiveVector& v : vectors) {
    bool beats = v.size() == reference.size();
    for (std::size_t i = 0; beats && i < v.size(); ++i) beats = v[i] < reference[i];
    if (beats) inside.push_back(v);
  }
  return inside.empty() || reference.empty() ? 0.0 : wfg(std::move(inside), reference);
}

}  // namespace wattlas
