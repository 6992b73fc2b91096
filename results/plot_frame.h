// Parts that all plots share: frames with ticks, legends, labels that keep out of each other's way.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "models/metric.h"
#include "results/axis.h"
#include "results/plot.h"
#include "results/svg.h"

namespace wattlas {

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
