// Points spread over the unit cube.
#pragma once

#include <boost/random/sobol.hpp>
#include <cmath>
#include <vector>

#include "models/base/random.h"

namespace wattlas {

/// A Sobol sequence with a random shift per dimension: different seeds give different nets of the
/// same evenness.
class ShiftedSobol {
 public:
  ShiftedSobol(std::size_t dimensions, std::uint64_t seed)
      : sobol_(dimensions), shift_(dimensions) {
    Random random(seed);
    for (double& s : shift_) s = random.uniform();
  }
  /// The next point; every coordinate in [0, 1).
  std::vector<double> next() {
    std::vector<double> out(shift_.size());
    for (std::size_t d = 0; d < out.size(); ++d) {
      const double raw = static_cast<double>(sobol_() >> 11) * 0x1.0p-53 + shift_[d];
      out[d] = raw - std::floor(raw);
    }
    return out;
  }

 private:
  boost::random::sobol sobol_;
  std::vector<double> shift_;
};

}  // namespace wattlas
