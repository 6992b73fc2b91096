#include "results/plot_frame.h"

#include <algorithm>
#include <cmath>

#include "models/metric.h"
#include "results/text_table.h"

namespace wattlas {

double textWidth(const std::string& text, double size) {
  return 0.56 * size * static_cast<double>(displayWidth(text));
}

void drawFrame(Svg& svg, const Box& box, const DrawnAxis& x, const DrawnAxis& y,
               const std::string& xName, const std::string& yName) {
  double lastEnd = -1e9;
  for (const Tick& tick : x.ticks()) {
    const double at = x.at(tick.value);
    svg.line(at, box.top, at, box.bottom, tick.label.empty() ? "minor" : "grid");
    const double half = textWidth(tick.label) / 2;
    if (tick.label.empty() || at - half < lastEnd + 4) continue;
    svg.text(at, box.bottom + 14, tick.label, "small dim", Anchor::middle);
    lastEnd = at + half;
  }
  for (const Tick& tick : y.ticks()) {
    const double at = y.at(tick.value);
    svg.line(box.left, at, box.right, at, tick.label.empty() ? "minor" : "grid");
    if (!tick.label.empty()) svg.text(box.left - 5, at + 3.5, tick.label, "small dim", Anchor::end);
  }
  svg.line(box.left, box.bottom, box.right, box.bottom, "axis");
  svg.line(box.left, box.top, box.left, box.bottom, "axis");
  svg.text((box.left + box.right) / 2, box.bottom + 30, xName, "", Anchor::middle);
  if (!yName.empty())
    svg.text(box.left - 54, (box.top + box.bottom) / 2, yName, "", Anchor::middle, -90);
}

double drawFamilies(Svg& svg, double x, double y, double width,
                    const std::vector<const Family*>& families) {
  double at = x, line = y;
  for (const Family* family : families) {
    const double needed = 20 + textWidth(family->name, 11) + 14;
    if (at > x && at + needed > x + width) {
      at = x;
      line += 18;
    }
    svg.mark(family->shape, at + 6, line - 4, 5, fillClass(family->colour));
    svg.text(at + 16, line, family->name, "");
    at += needed;
  }
  return line - y + 18;
}

void Labels::block(double x, double y, double radius, bool soft) {
  (soft ? soft_ : taken_).push_back({x - radius, y - radius, x + radius, y + radius});
}

bool Labels::free(const Box& w, bool softToo) const {
  if (w.left < box_.left + 2 || w.right > box_.right + 20 || w.top < box_.top ||
      w.bottom > box_.bottom - 1)
    return false;
  const auto overlaps = [&](const Box& b) {
    return w.left < b.right && b.left < w.right && w.top < b.bottom && b.top < w.bottom;
  };
  return std::none_of(taken_.begin(), taken_.end(), overlaps) &&
         (!softToo || std::none_of(soft_.begin(), soft_.end(), overlaps));
}

bool Labels::place(Svg& svg, double x, double y, const std::string& text) {
  const double width = textWidth(text), height = 10;
  struct Try {
    double dx, dy;
    Anchor anchor;
  };
  static constexpr Try tries[] = {
      {9, 3.5, Anchor::start},  {-9, 3.5, Anchor::end},   {7, -7, Anchor::start},
      {-7, 14, Anchor::end},    {7, 14, Anchor::start},   {-7, -7, Anchor::end},
      {0, -10, Anchor::middle}, {0, 18, Anchor::middle},  {18, -16, Anchor::start},
      {-18, 22, Anchor::end},   {18, 22, Anchor::start},  {-18, -16, Anchor::end},
      {30, -28, Anchor::start}, {-30, 34, Anchor::end},   {30, 34, Anchor::start},
      {-30, -28, Anchor::end},  {24, -46, Anchor::start}, {24, 52, Anchor::start},
      {-24, -46, Anchor::end},  {-24, 52, Anchor::end},   {36, -64, Anchor::start},
      {36, 70, Anchor::start}};
  for (const bool softToo : {true, false})
    for (const Try& t : tries) {
      const double from = x + t.dx -
                          (t.anchor == Anchor::end      ? width
                           : t.anchor == Anchor::middle ? width / 2
                                                        : 0);
      const Box wanted{from - 2, y + t.dy - height, from + width + 2, y + t.dy + 2};
      if (!free(wanted, softToo)) continue;
      if (std::abs(t.dx) > 15) svg.line(x, y, x + t.dx * 0.9, y + t.dy - 4, "lead");
      svg.text(x + t.dx, y + t.dy, text, "small halo", t.anchor);
      taken_.push_back(wanted);
      return true;
    }
  return false;
}

Measure measureOf(const std::string& column) {
  const auto metric = findMetric(column);
  if (!metric) return {column, Dimension::ratio, Better::less};  // an expression
  const Metric& m = metricAt(*metric);
  // Values are bytes; a size is drawn as a plain number of them.
  const bool plain = !m.dimension || *m.dimension == Dimension::information;
  return {m.label, plain ? Dimension::ratio : *m.dimension, m.better};
}

}  // namespace wattlas
