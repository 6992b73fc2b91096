#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/base/error.h"
#include "results/csv.h"
#include "results/plot_frame.h"

namespace wattlas {
namespace {

constexpr double width = 860, rowHeight = 28, top = 88, bottom = 56;
constexpr std::size_t barsShown = 20;

std::string csvOf(const std::vector<TornadoBar>& bars, double value) {
  std::string csv;
  appendCsvLine(csv, {"point_id", "parameter", "metric", "low", "high", "value", "simulated_low",
                      "simulated_high"});
  for (const TornadoBar& b : bars)
    appendCsvLine(csv, {b.point, b.parameter, b.metric, csvNumber(b.low), csvNumber(b.high),
                        csvNumber(value), csvNumber(b.simulatedLow), csvNumber(b.simulatedHigh)});
  return csv;
}

bool isSimulated(const TornadoBar& b) {
  return std::isfinite(b.simulatedLow) && std::isfinite(b.simulatedHigh);
}

}  // namespace

Plot tornadoPlot(const std::vector<TornadoBar>& given, double value, const std::string& title) {
  std::vector<TornadoBar> bars;
  for (const TornadoBar& b : given)
    // What moves another metric may leave this one alone.
    if (std::isfinite(b.low) && std::isfinite(b.high) && b.low != b.high) bars.push_back(b);
  if (bars.empty())
    throw InputError("no parameter was moved over its interval", "a file with /uncertainty/tornado",
                     "write it with a study that asks for uncertainty");
  std::stable_sort(bars.begin(), bars.end(), [](const TornadoBar& a, const TornadoBar& b) {
    return std::abs(a.high - a.low) > std::abs(b.high - b.low);
  });
  const std::size_t shown = std::min(bars.size(), barsShown);
  const Measure measure = measureOf(bars.front().metric);
  std::vector<double> ends;
  if (std::isfinite(value)) ends.push_back(value);
  double names = 60;
  for (std::size_t i = 0; i < shown; ++i) {
    ends.insert(ends.end(), {bars[i].low, bars[i].high});
    if (isSimulated(bars[i]))
      ends.insert(ends.end(), {bars[i].simulatedLow, bars[i].simulatedHigh});
    names = std::max(names, textWidth(bars[i].parameter, 11));
  }
  const double left = std::min(30 + names, 380.0), right = width - 40;
  const double floor = top + rowHeight * static_cast<double>(shown);
  const DrawnAxis axis = DrawnAxis::linear(ends, left + 60, right - 60, measure.dimension);

  Svg svg(width, floor + bottom);
  svg.text(20, 26, title, "title");
  svg.text(20, 44,
           fmt::format("{} when one parameter stands at an end of its interval, the others at "
                       "their value{}",
                       measure.name,
                       shown < bars.size() ? fmt::format("; {} of {} shown", shown, bars.size())
                                           : std::string()),
           "small dim");
  svg.rect(20, 55, 11, 11, fillClass(0));
  svg.text(36, 65, "grows with the parameter", "small");
  svg.rect(190, 55, 11, 11, fillClass(1));
  svg.text(206, 65, "falls", "small");
  if (std::any_of(bars.begin(), bars.end(), isSimulated)) {
    svg.line(259, 54, 259, 68, "mark");
    svg.text(268, 65, "the same end simulated", "small");
  }
  for (const Tick& tick : axis.ticks()) {
    svg.line(axis.at(tick.value), top - 6, axis.at(tick.value), floor, "grid");
    svg.text(axis.at(tick.value), floor + 15, tick.label, "small dim", Anchor::middle);
  }
  svg.text((left + right) / 2, floor + 36, measure.name, "", Anchor::middle);
  for (std::size_t i = 0; i < shown; ++i) {
    const TornadoBar& b = bars[i];
    const double y = top + rowHeight * static_cast<double>(i);
    const double low = std::min(b.low, b.high), high = std::max(b.low, b.high);
    svg.text(left, y + 13, b.parameter, "", Anchor::end);
    svg.rect(axis.at(low), y, std::max(1.0, axis.at(high) - axis.at(low)), 18,
             fillClass(b.low <= b.high ? 0 : 1), b.parameter);
    if (isSimulated(b))
      for (const double v : {b.simulatedLow, b.simulatedHigh})
        svg.line(axis.at(v), y - 3, axis.at(v), y + 21, "mark");
    const auto text = [&](double v) { return formatQuantity(v, measure.dimension); };
    svg.text(axis.at(low) - 5, y + 13, text(low), "small dim halo", Anchor::end);
    svg.text(axis.at(high) + 5, y + 13, text(high), "small dim halo");
  }
  if (std::isfinite(value)) svg.line(axis.at(value), top - 8, axis.at(value), floor, "front");
  return {std::move(svg), "Tornado of parameters over their intervals", csvOf(bars, value)};
}

}  // namespace wattlas
