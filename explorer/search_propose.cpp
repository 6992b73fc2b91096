#include "explorer/search_propose.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_set>

#include "explorer/search_encoding.h"
#include "models/base/random.h"

namespace wattlas {
namespace {

constexpr std::size_t learnedFrom = 256;  ///< designs; the work grows with the square
constexpr std::size_t sampled = 512;      ///< designs of the whole space that are looked at
constexpr std::size_t followed = 32;      ///< candidates whose neighbours are looked at, too
constexpr std::size_t nearby = 512;       ///< neighbours of the front that are looked at
constexpr std::size_t recent = 2048;  ///< designs besides the first ones that may be learned from
constexpr int rounds = 2;             ///< of following
constexpr double reach = 0.1;  ///< of a continuous design parameter's range: how far a step goes

constexpr double infinity = std::numeric_limits<double>::infinity();

using IdSet = std::unordered_set<Hash128, Hash128Hasher>;

struct Candidate {
  DesignPoint design;
  ObjectiveVector expected;
  double gain = 0;
};

bool better(const Candidate& a, const Candidate& b) {
  return a.gain > b.gain;
}

std::vector<ObjectiveVector> vectorsOf(const std::vector<KnownDesign>& designs) {
  std::vector<ObjectiveVector> out;
  for (const KnownDesign& known : designs) out.push_back(known.values);
  return out;
}

/// Neighbours, and one step somewhere along every continuous design parameter.
std::vector<DesignPoint> around(const Study& study, const DesignPoint& design, Random& random) {
  std::vector<DesignPoint> out = neighboursOf(study, design);
  for (std::size_t g = 0; g < study.parameters.size(); ++g) {
    const DesignParameter& parameter = study.parameters[g];
    if (!parameter.continuous() || std::isnan(design.parameters[g])) continue;
    const double u = unitOf(parameter, design.parameters[g]) + reach * (2 * random.uniform() - 1);
    DesignPoint moved = design;
    moved.parameters[g] = parameter.at(std::clamp(u, 0.0, 1.0 - 1e-12));
    canonicalise(study, moved);
    out.push_back(std::move(moved));
  }
  return out;
}

}  // namespace

Proposer::Proposer(const Study& study, std::int32_t workload, std::uint64_t seed)
    : study_(study),
      workload_(workload),
      seed_(seed),
      ids_(study),
      cost_(study),
      feasibility_(study) {}

double Proposer::gainOf(const ObjectiveVector& v, const Vectors& front) const {
  double gain = infinity;
  for (const ObjectiveVector& member : front) {
    double advantage = -infinity;
    for (std::size_t o = 0; o < v.size(); ++o)
      advantage = std::max(advantage, (member[o] - v[o]) / extent_[o]);
    gain = std::min(gain, advantage);
  }
  return gain;
}

void Proposer::learn(const std::vector<KnownDesign>& known, const Vectors& front) {
  ObjectiveVector low = front.front(), high = front.front();
  for (const ObjectiveVector& v : front)
    for (std::size_t o = 0; o < v.size(); ++o) {
      low[o] = std::min(low[o], v[o]);
      high[o] = std::max(high[o], v[o]);
    }
  extent_.clear();
  for (std::size_t o = 0; o < low.size(); ++o)
    extent_.push_back(high[o] > low[o] ? high[o] - low[o] : std::max(std::abs(low[o]), 1e-30));

  // The first ones, which cover the space, and of the last ones those nearest to the front.
  std::vector<std::pair<double, std::size_t>> order;
  std::vector<std::size_t> refused;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const bool early = order.size() < learnedFrom / 4;
    if (!early && i + recent < known.size()) continue;
    if (known[i].values.empty())
      refused.push_back(i);
    else
      order.emplace_back(early ? -infinity : -gainOf(known[i].values, front), i);
  }
  std::sort(order.begin(), order.end());
  order.resize(std::min(order.size(), learnedFrom));
  std::vector<DesignPoint> designs;
  Vectors values, allowed;
  for (const auto& [distance, i] : order) {
    designs.push_back(known[i].design);
    values.push_back(known[i].values);
    allowed.push_back({1});
  }
  cost_.learn(designs, values);
  refusals_ = !refused.empty();
  if (!refusals_) return;
  for (std::size_t i = 0; i < std::min(refused.size(), learnedFrom); ++i) {
    designs.push_back(known[refused[refused.size() - 1 - i]].design);
    allowed.push_back({-1});
  }
  feasibility_.learn(designs, allowed);
}

bool Proposer::isDoubtful(const DesignPoint& design) const {
  return refusals_ && feasibility_.expect(design).front() < 0;
}

std::vector<DesignPoint> Proposer::expected(const std::vector<KnownDesign>& known,
                                            const std::vector<KnownDesign>& front,
                                            const std::vector<DesignPoint>& near, const Seen& seen,
                                            std::size_t count) {
  const Vectors vectors = vectorsOf(front);
  learn(known, vectors);
  std::vector<Candidate> pool;
  IdSet met;
  const auto add = [&](DesignPoint design) {
    const Hash128 id = ids_.of(design);
    if (seen(id) || !met.insert(id).second) return;
    if (isDoubtful(design)) return;
    ObjectiveVector values = cost_.expect(design);
    const double gain = gainOf(values, vectors);
    pool.push_back({std::move(design), std::move(values), gain});
  };
  Random random(Hasher()
                    .integer(static_cast<std::int64_t>(seed_))
                    .integer(static_cast<std::int64_t>(++turn_))
                    .finish()
                    .low);
  for (std::size_t i = 0; i < std::min(near.size(), nearby); ++i) add(near[i]);
  for (std::size_t i = 0; i < std::min(front.size(), followed); ++i)
    for (DesignPoint& next : around(study_, front[i].design, random)) add(std::move(next));
  for (std::size_t i = 0; i < sampled; ++i) {
    DesignPoint design{workload_, {}};
    for (const DesignParameter& parameter : study_.parameters)
      design.parameters.push_back(parameter.at(random.uniform()));
    canonicalise(study_, design);
    add(std::move(design));
  }
  for (int round = 0; round < rounds; ++round) {
    std::stable_sort(pool.begin(), pool.end(), better);
    for (std::size_t i = 0, n = std::min(pool.size(), followed); i < n; ++i) {
      const DesignPoint from = pool[i].design;
      for (DesignPoint& next : around(study_, from, random)) add(std::move(next));
    }
  }
  // One after the other, as if what was expected of those before had come true.
  std::vector<DesignPoint> out;
  while (out.size() < count && !pool.empty()) {
    const auto best = std::min_element(pool.begin(), pool.end(), better);
    if (best->gain <= 0) break;
    const Candidate chosen = std::move(*best);
    pool.erase(best);
    for (Candidate& candidate : pool)
      candidate.gain = std::min(candidate.gain, gainOf(candidate.expected, {chosen.expected}));
    out.push_back(chosen.design);
  }
  return out;
}

std::vector<DesignPoint> Proposer::neighbours(const std::vector<KnownDesign>& front,
                                              const Seen& seen) const {
  struct Neighbour {
    DesignPoint point;
    std::size_t touches = 0;
    bool atEnd = false;
  };
  ObjectiveVector best(study_.objectives.size(), infinity);
  for (const KnownDesign& member : front)
    for (std::size_t o = 0; o < best.size(); ++o) best[o] = std::min(best[o], member.values[o]);
  std::map<Hash128, Neighbour> found;
  for (const KnownDesign& member : front) {
    bool end = false;
    for (std::size_t o = 0; o < best.size(); ++o) end = end || member.values[o] == best[o];
    for (DesignPoint& near : neighboursOf(study_, member.design)) {
      const Hash128 id = ids_.of(near);
      if (seen(id)) continue;
      Neighbour& neighbour = found[id];
      neighbour.point = std::move(near);
      ++neighbour.touches;
      neighbour.atEnd = neighbour.atEnd || end;
    }
  }
  std::vector<const Neighbour*> order;
  for (const auto& [id, neighbour] : found) order.push_back(&neighbour);
  std::stable_sort(order.begin(), order.end(), [](const Neighbour* a, const Neighbour* b) {
    return a->atEnd != b->atEnd ? a->atEnd : a->touches > b->touches;
  });
  std::vector<DesignPoint> out;
  for (const Neighbour* neighbour : order) out.push_back(neighbour->point);
  return out;
}

std::vector<DesignPoint> Proposer::propose(const std::vector<KnownDesign>& known,
                                           const std::vector<KnownDesign>& front, const Seen& seen,
                                           std::size_t count) {
  if (front.empty()) return {};
  const std::vector<DesignPoint> near = neighbours(front, seen);
  std::vector<DesignPoint> out = expected(known, front, near, seen, count / 2);
  IdSet chosen;
  for (const DesignPoint& point : out) chosen.insert(ids_.of(point));
  // Where refusals are expected only when nothing else is left.
  for (const bool doubtful : {false, true})
    for (std::size_t i = 0; i < near.size() && out.size() < count; ++i)
      if (isDoubtful(near[i]) == doubtful && chosen.insert(ids_.of(near[i])).second)
        out.push_back(near[i]);
  return out;
}

}  // namespace wattlas
