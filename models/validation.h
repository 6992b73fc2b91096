// One comparison of ours with a reference. Families make rows, `wattlas validate` prints them.
#pragma once

#include <string>
#include <vector>

namespace wattlas {

struct ValidationRow {
  std::string group;  ///< upmem, banks, gpu, fpga, networks, explorer, platforms
  std::string id;     ///< unique within the group
  std::string kind;   ///< identity, calibration or blind
  std::string quantity, unit;
  double ours = 0, reference = 0;
  /// Largest allowed |ours - reference| / |reference|; for `figure` rows (a mean error itself) the
  /// largest allowed value of `ours`. Negative = reported, not gated.
  double gate = -1;
  double target = -1;   ///< what to aim for, same scale; negative = none
  bool figure = false;  ///< `ours` is an error figure; `reference` is what to compare it with
  bool higherIsBetter = false;  ///< figures such as recall: gate is a lower limit
  std::string source;
  int fittedParameters = 0;

  /// Relative error, or the figure itself.
  double error() const;
  bool gated() const { return gate >= 0; }
  bool pass() const;
};

using ValidationRows = std::vector<ValidationRow>;

}  // namespace wattlas
