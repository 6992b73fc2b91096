// What is to be expected of designs that nobody has evaluated, from those that somebody has.
#pragma once

#include <vector>

#include "explorer/pareto.h"
#include "explorer/space.h"

namespace wattlas {

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

}  // namespace wattlas
