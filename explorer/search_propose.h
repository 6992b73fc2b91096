// Which unseen designs could move a front outwards: expected ones and neighbours.
#pragma once

#include <functional>
#include <vector>

#include "explorer/pareto.h"
#include "explorer/space.h"

namespace wattlas {

// What is to be expected of designs that nobody has evaluated, from those that somebody has.

/// Kriging over the design parameters of a study, one model an output: a Gaussian process whose
/// correlation is the product of one factor a design parameter, 1 - share * distance. The distance
/// is that of positions in the list for ordered design parameters, and 1 between any two names; an
/// inactive design parameter is as far from every setting as two names. The share says how much a
/// design parameter matters: it is chosen, design parameter by design parameter, so that each known
/// design is predicted best by the others. Values of one sign are modelled as logarithms, because
/// what hardware costs is a product more often than a sum.
class Surrogate {
 public:
  /// Keeps a reference to the study.
  explicit Surrogate(const Study& study) : study_(study) {}

  /// Learns from designs of one workload; `values` holds one vector a design, all of one length.
  /// The work grows with the cube of their number.
  void learn(std::vector<DesignPoint> designs, const std::vector<std::vector<double>>& values);
  /// Expected values. Only after learn().
  std::vector<double> expect(const DesignPoint& design) const;

 private:
  /// A design parameter's factors between a setting and all known designs.
  struct Factors {
    std::vector<double> table;  ///< one row a choice and one for "inactive"; empty: not kept
  };
  struct Output {
    std::vector<double> shares;    ///< one a design parameter
    std::vector<double> weights;   ///< one a known design
    std::vector<Factors> factors;  ///< one a design parameter
    double mean = 0, sign = 0;     ///< sign 0: values as they are, else of their logarithms
  };
  void tune(const std::vector<std::vector<double>>& centred);
  void keepFactors(Output& output) const;
  /// Correlations of a design with all known ones.
  std::vector<double> correlations(const Output& output, const DesignPoint& design) const;

  const Study& study_;
  std::vector<DesignPoint> known_;
  std::vector<Output> outputs_;
  std::size_t tuned_ = 0;  ///< how much was known when shares were chosen last
};

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
