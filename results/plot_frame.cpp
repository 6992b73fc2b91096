#include "results/plot_frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "models/metric.h"
#include "results/text_table.h"

namespace wattlas {

DrawnAxis::DrawnAxis(double low, double high, double from, double to, Dimension dimension)
    : low_(low), high_(high), from_(from), to_(to), dimension_(dimension) {}

namespace {

/// Least and greatest finite value; the least above the greatest when there is none.
std::pair<double, double> spanOf(const std::vector<double>& values) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double v : values)
    if (std::isfinite(v)) {
      low = std::min(low, v);
      high = std::max(high, v);
    }
  return {low, high};
}

}  // namespace

DrawnAxis::DrawnAxis(const std::vector<double>& values, double from, double to, Dimension dimension)
    : from_(from), to_(to), dimension_(dimension) {
  const auto [low, high] = spanOf(values);
  if (low > high) return;  // nothing to show: 0 to 1
  logarithmic_ = low > 0 && high / low >= 20;
  if (logarithmic_) {
    const double margin = std::pow(high / low, 0.06);
    low_ = low / margin;
    high_ = high * margin;
    return;
  }
  fit(low, high);
}

DrawnAxis DrawnAxis::linear(const std::vector<double>& values, double from, double to,
                            Dimension dimension) {
  DrawnAxis axis(0, 1, from, to, dimension);
  const auto [low, high] = spanOf(values);
  if (low <= high) axis.fit(low, high);
  return axis;
}

void DrawnAxis::fit(double low, double high) {
  double margin = 0.08 * (high - low);
  if (margin <= 0) margin = high == 0 ? 1 : 0.1 * std::abs(high);
  low_ = low >= 0 && low - margin < 0 ? 0 : low - margin;
  high_ = high + margin;
}

DrawnAxis DrawnAxis::share(double from, double to) {
  DrawnAxis axis(0, 1, from, to, Dimension::ratio);
  axis.percent_ = true;
  return axis;
}

DrawnAxis DrawnAxis::fromZero(double most, double from, double to, Dimension dimension) {
  return DrawnAxis(0, most > 0 ? most : 1, from, to, dimension);
}

double DrawnAxis::at(double value) const {
  if (!std::isfinite(value) || (logarithmic_ && value <= 0))
    return std::numeric_limits<double>::quiet_NaN();
  const double share = logarithmic_ ? std::log(value / low_) / std::log(high_ / low_)
                                    : (value - low_) / (high_ - low_);
  return from_ + share * (to_ - from_);
}

std::string DrawnAxis::label(double value) const {
  if (percent_) return fmt::format("{:.4g} %", 100 * value);
  if (dimension_ == Dimension::ratio && std::abs(value) >= 1e4) return fmt::format("{:g}", value);
  return formatQuantity(value, dimension_);
}

std::vector<Tick> DrawnAxis::logTicks() const {
  std::vector<Tick> ticks;
  const double decades = std::log10(high_ / low_);
  const int step = std::max(1, static_cast<int>(std::ceil(decades / 9)));
  for (int e = static_cast<int>(std::floor(std::log10(low_))); std::pow(10.0, e) <= high_; ++e)
    for (int m = 1; m <= 9; ++m) {
      const double value = m * std::pow(10.0, e);
      if (value < low_ || value > high_) continue;
      const bool major =
          m == 1 ? (e % step + step) % step == 0 : (decades < 2.2 && (m == 2 || m == 5));
      if (major)
        ticks.push_back({value, label(rounded(value))});
      else if (decades < 5)
        ticks.push_back({value, ""});
    }
  return ticks;
}

std::vector<Tick> DrawnAxis::ticks() const {
  if (logarithmic_) return logTicks();
  std::vector<Tick> ticks;
  const double raw = (high_ - low_) / 5;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double factor = raw / power;
  const double step = power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
  for (double i = std::ceil(low_ / step - 1e-9); i * step <= high_ + 1e-9 * step; ++i)
    ticks.push_back({i * step + 0.0, label(rounded(i * step) + 0.0)});  // never -0
  return ticks;
}

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
