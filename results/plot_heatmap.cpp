#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "models/base/error.h"
#include "results/csv.h"
#include "results/plot_frame.h"
#include "results/style.h"

namespace wattlas {
namespace {

constexpr double cellHeight = 30, top = 62, gap = 66;
constexpr std::size_t mostValues = 40;

std::string textOf(const PointRow& row, const std::string& parameter) {
  if (parameter == "platform") return row.platform;
  if (parameter == "format") return row.format;
  const std::string* value = parameterOf(row, parameter);
  return value == nullptr ? "" : *value;
}

/// Size of a value such as "350 MHz" or "16" as `dimension`; nothing for words.
std::optional<double> sizeOf(const std::string& text, Dimension dimension) {
  try {
    return parseQuantity(text, dimension);
  } catch (const InputError&) {
    return std::nullopt;
  }
}

/// Sorts values that are quantities of one kind by their size; words stay.
void sortBySize(std::vector<std::string>& values) {
  for (int d = 0; d <= static_cast<int>(Dimension::count); ++d) {
    std::map<std::string, double> sizes;
    for (const std::string& text : values)
      if (const auto size = sizeOf(text, static_cast<Dimension>(d))) sizes[text] = *size;
    if (sizes.size() < values.size()) continue;
    std::stable_sort(values.begin(), values.end(), [&](const std::string& a, const std::string& b) {
      return sizes[a] < sizes[b];
    });
    return;
  }
}

/// Quantities by size, whatever order a search met them in; words in the order of the file, which
/// is the study's.
std::vector<std::string> valuesOf(const std::vector<PointRow>& rows, const std::string& parameter) {
  std::vector<std::string> values;
  for (const PointRow& row : rows)
    if (const std::string v = textOf(row, parameter);
        !v.empty() && std::find(values.begin(), values.end(), v) == values.end())
      values.push_back(v);
  if (values.empty())
    throw InputError("no point has a value of '" + parameter.substr(0, 60) + "'",
                     "platform, format or a gene of the study",
                     didYouMean(parameter, columnsOf(rows).parameters));
  if (values.size() > mostValues)
    throw InputError(fmt::format("'{}' has {} values", parameter, values.size()),
                     fmt::format("a gene of at most {} values", mostValues));
  sortBySize(values);
  return values;
}

struct Cell {
  std::size_t points = 0, feasible = 0;
  double best = missing;
  bool unsure = false;  ///< the best one rests on an unknown
};

}  // namespace

Plot heatmapPlot(const std::vector<PointRow>& rows, const std::string& parameterX,
                 const std::string& parameterY, const PlotAxis& metric, const std::string& title,
                 const std::vector<WinnerRow>& winners) {
  if (parameterX == parameterY)
    throw InputError("both axes of the heat map are '" + parameterX + "'", "two different genes");
  const std::vector<std::string> xs = valuesOf(rows, parameterX), ys = valuesOf(rows, parameterY);
  std::vector<std::string> workloads;
  std::map<std::string, std::map<std::pair<std::string, std::string>, Cell>> panels;
  bool doubted = false;
  for (const PointRow& row : rows) {
    if (panels.count(row.workload) == 0) workloads.push_back(row.workload);
    Cell& cell = panels[row.workload][{textOf(row, parameterX), textOf(row, parameterY)}];
    ++cell.points;
    const double v = row.feasible ? numberOf(row, metric.column) : missing;
    if (!std::isfinite(v)) continue;
    ++cell.feasible;
    if (!std::isnan(cell.best) && !(metric.maximise ? v > cell.best : v < cell.best)) continue;
    cell.best = v;
    cell.unsure = std::any_of(winners.begin(), winners.end(), [&](const WinnerRow& w) {
      return w.point == row.id && w.workload == row.workload && w.metric == metric.column &&
             w.restsOnUnknown();
    });
    doubted |= cell.unsure;
  }
  const Measure measure = measureOf(metric.column);
  double names = 60, cellWidth = 58;
  for (const std::string& y : ys) names = std::max(names, textWidth(y, 11));
  for (const std::string& x : xs) cellWidth = std::max(cellWidth, textWidth(x) + 12);
  const double left = 60 + std::min(names, 240.0);
  const double panelHeight = cellHeight * static_cast<double>(ys.size()) + gap;
  const double width = std::max(left + cellWidth * static_cast<double>(xs.size()) + 30, 560.0);
  Svg svg(width, top + panelHeight * static_cast<double>(workloads.size()) + 8);
  svg.text(20, 26, title, "title");
  svg.text(
      20, 44,
      fmt::format("{} {} over everything else; scope {}{}", metric.maximise ? "most" : "least",
                  measure.name, rows.front().scope, doubted ? "; ? = rests on an unknown" : ""),
      "small dim");
  std::string csv;
  appendCsvLine(csv, {"workload", parameterX, parameterY, metric.column, "points", "feasible"});
  double y0 = top;
  for (const std::string& workload : workloads) {
    const auto& cells = panels[workload];
    double low = INFINITY, high = -INFINITY;
    for (const auto& [at, cell] : cells)
      if (std::isfinite(cell.best)) {
        low = std::min(low, cell.best);
        high = std::max(high, cell.best);
      }
    const bool logarithmic = low > 0 && high / low >= 20;
    const auto stepOf = [&](double v) {
      const double share = high <= low   ? 0
                           : logarithmic ? std::log(v / low) / std::log(high / low)
                                         : (v - low) / (high - low);
      return std::clamp(static_cast<int>(share * heatSteps), 0, heatSteps - 1);
    };
    svg.text(left, y0 + 8, workload, "head");
    svg.text(width - 20, y0 + 8,
             low <= high
                 ? fmt::format("light {} .. dark {}{}", formatQuantity(low, measure.dimension),
                               formatQuantity(high, measure.dimension),
                               logarithmic ? ", logarithmic" : "")
                 : "no feasible point",
             "small dim", Anchor::end);
    y0 += 16;
    for (std::size_t j = 0; j < ys.size(); ++j) {
      const double y = y0 + cellHeight * static_cast<double>(j);
      svg.text(left - 8, y + cellHeight / 2 + 4, ys[j], "", Anchor::end);
      for (std::size_t i = 0; i < xs.size(); ++i) {
        const auto found = cells.find({xs[i], ys[j]});
        const Cell cell = found == cells.end() ? Cell{} : found->second;
        appendCsvLine(csv, {workload, xs[i], ys[j], csvNumber(cell.best),
                            std::to_string(cell.points), std::to_string(cell.feasible)});
        const double x = left + cellWidth * static_cast<double>(i);
        const bool known = std::isfinite(cell.best);
        const int step = known ? stepOf(cell.best) : 0;
        svg.rect(x, y, cellWidth - 1.5, cellHeight - 1.5, known ? heatClass(step) : "absent",
                 fmt::format("{} {}, {} {}: {} of {} points feasible", parameterX, xs[i],
                             parameterY, ys[j], cell.feasible, cell.points));
        svg.text(x + cellWidth / 2 - 1, y + cellHeight / 2 + 3,
                 known ? formatQuantity(cell.best, measure.dimension) + (cell.unsure ? " ?" : "")
                 : cell.points == 0 ? "-"
                                    : "infeasible",
                 known ? "small " + heatTextClass(step) : "small dim", Anchor::middle);
      }
    }
    y0 += cellHeight * static_cast<double>(ys.size());
    for (std::size_t i = 0; i < xs.size(); ++i)
      svg.text(left + cellWidth * (static_cast<double>(i) + 0.5), y0 + 13, xs[i], "small",
               Anchor::middle);
    svg.text(left + cellWidth * static_cast<double>(xs.size()) / 2, y0 + 30, parameterX, "dim",
             Anchor::middle);
    svg.text(20, y0 - cellHeight * static_cast<double>(ys.size()) / 2, parameterY, "dim",
             Anchor::middle, -90);
    y0 += gap - 16;
  }
  return {std::move(svg), "Heat map of two parameters", csv};
}

}  // namespace wattlas
