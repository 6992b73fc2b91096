#include "results/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

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

}  // namespace wattlas
