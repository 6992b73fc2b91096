// Parts that all plots share: frames with ticks, legends, labels that keep out of each other's way.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "models/base/units.h"
#include "models/metric.h"
#include "results/plot.h"
#include "results/svg.h"

namespace wattlas {

/// An axis of a plot: where a value stands, and which values get a tick.
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

struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
};

/// Grid, ticks and names of both axes.
void drawFrame(Svg& svg, const Box& box, const DrawnAxis& x, const DrawnAxis& y,
               const std::string& xName, const std::string& yName);

/// Pixels that text of the label size takes, about.
double textWidth(const std::string& text, double size = 10);

/// Marks of the families in one or more lines from (x, y); returns the height used.
double drawFamilies(Svg& svg, double x, double y, double width,
                    const std::vector<const Family*>& families);

/// Puts short names beside marks where nothing else is; names without room are left out.
class Labels {
 public:
  explicit Labels(const Box& box) : box_(box) {}
  /// Room that names must leave free; `soft` = only as long as there is other room.
  void block(double x, double y, double radius, bool soft = false);
  void block(const Box& box) { taken_.push_back(box); }
  /// False when there was no room.
  bool place(Svg& svg, double x, double y, const std::string& text);

 private:
  bool free(const Box& wanted, bool softToo) const;
  Box box_;
  std::vector<Box> taken_, soft_;
};

/// "time", "energy", "peak power" and so on, with the unit's dimension for ticks.
struct Measure {
  std::string name;
  Dimension dimension = Dimension::ratio;
  Better better = Better::less;
};
Measure measureOf(const std::string& column);

}  // namespace wattlas
