// An axis of a plot: where a value stands, and which values get a tick.
#pragma once

#include <string>
#include <vector>

#include "models/base/units.h"

namespace wattlas {

struct Tick {
  double value = 0;
  std::string label;  ///< empty = a minor tick
};

class DrawnAxis {
 public:
  /// An axis from pixel `from` to pixel `to` that shows all finite `values` (positive ones only
  /// when logarithmic) with a margin. Logarithmic when all are positive and span a factor of 20.
  DrawnAxis(const std::vector<double>& values, double from, double to, Dimension dimension);
  /// The same, never logarithmic.
  static DrawnAxis linear(const std::vector<double>& values, double from, double to,
                          Dimension dimension);
  /// Shares: 0 to 1, linear.
  static DrawnAxis share(double from, double to);
  /// Linear from zero, for lengths of bars.
  static DrawnAxis fromZero(double most, double from, double to, Dimension dimension);

  bool logarithmic() const { return logarithmic_; }
  double low() const { return low_; }
  double high() const { return high_; }
  /// Pixel of a value; NaN where the axis has no place for it.
  double at(double value) const;
  std::vector<Tick> ticks() const;

 private:
  DrawnAxis(double low, double high, double from, double to, Dimension dimension);
  void fit(double low, double high);
  std::string label(double value) const;
  std::vector<Tick> logTicks() const;

  double low_ = 0, high_ = 1, from_, to_;
  Dimension dimension_;
  bool logarithmic_ = false;
  bool percent_ = false;
};

}  // namespace wattlas
