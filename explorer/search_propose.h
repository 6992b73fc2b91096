// Which unseen designs could move a front outwards: expected ones and neighbours.
#pragma once

#include <functional>
#include <vector>

#include "explorer/surrogate.h"

namespace wattlas {

/// A design that was evaluated.
struct KnownDesign {
  DesignPoint design;
  ObjectiveVector values;  ///< empty: infeasible
};

class Proposer {
 public:
  using Seen = std::function<bool(const Hash128&)>;
  /// Keeps a reference to the study.
  Proposer(const Study& study, std::int32_t workload, std::uint64_t seed);

  /// At most `count` unseen designs. Half of them are those that the surrogate of all `known`
  /// designs expects furthest beyond `front` (one member a vector), as long as it expects any. The
  /// others are neighbours of the front: those of its ends first (the best in one objective: beyond
  /// them lies what costs most volume, and few members point there), then those next to most
  /// members, then in the order of their ids, which is as good as random and needs no state.
  std::vector<DesignPoint> propose(const std::vector<KnownDesign>& known,
                                   const std::vector<KnownDesign>& front, const Seen& seen,
                                   std::size_t count);

 private:
  using Vectors = std::vector<ObjectiveVector>;
  std::vector<DesignPoint> neighbours(const std::vector<KnownDesign>& front,
                                      const Seen& seen) const;
  std::vector<DesignPoint> expected(const std::vector<KnownDesign>& known,
                                    const std::vector<KnownDesign>& front,
                                    const std::vector<DesignPoint>& near, const Seen& seen,
                                    std::size_t count);
  void learn(const std::vector<KnownDesign>& known, const Vectors& front);
  bool isDoubtful(const DesignPoint& design) const;  ///< a refusal is expected
  /// How far `v` lies beyond the nearest vector of the front, in extents of the front: the largest
  /// of its advantages in single objectives (maximin improvement; Svenson and Santner,
  /// "Multiobjective optimization of expensive-to-evaluate deterministic computer simulator
  /// models", 2016).
  double gainOf(const ObjectiveVector& v, const Vectors& front) const;

  const Study& study_;
  std::int32_t workload_;
  std::uint64_t seed_, turn_ = 0;
  PointIds ids_;
  Surrogate cost_, feasibility_;
  bool refusals_ = false;
  ObjectiveVector extent_;  ///< of the front, per objective
};

}  // namespace wattlas
