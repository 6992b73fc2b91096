#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "models/base/error.h"
#include "results/csv.h"
#include "results/plot_frame.h"

namespace wattlas {
namespace {

constexpr double panelWidth = 470, panelHeight = 380, legendTop = 56;
constexpr double marginLeft = 76, marginRight = 22, marginTop = 30, marginBottom = 46;
constexpr std::size_t namesShown = 12;  // per panel
constexpr std::size_t tipsShown = 300;  // tips of hollow marks cost bytes

using Rows = std::vector<const PointRow*>;

struct Panel {
  std::string workload;
  Rows rows;  ///< those with both numbers
};

std::vector<Panel> panelsOf(const std::vector<PointRow>& rows, const PlotAxis& x,
                            const PlotAxis& y) {
  std::vector<Panel> panels;
  for (const PointRow& row : rows) {
    if (row.scope != rows.front().scope)
      throw InputError("points of scope '" + rows.front().scope + "' and of scope '" + row.scope +
                           "' cannot share a plot",
                       "one scope for all points");
    if (!row.feasible || !std::isfinite(numberOf(row, x.column)) ||
        !std::isfinite(numberOf(row, y.column)))
      continue;
    const auto found = std::find_if(panels.begin(), panels.end(),
                                    [&](const Panel& p) { return p.workload == row.workload; });
    if (found == panels.end())
      panels.push_back({row.workload, {&row}});
    else
      found->rows.push_back(&row);
  }
  if (panels.empty())
    throw InputError("no feasible point has both '" + x.column + "' and '" + y.column + "'",
                     "a study with feasible points and these objectives");
  return panels;
}

/// Staircase of the flagged points in these two objectives alone.
Rows staircase(const Rows& rows, const PlotAxis& x, const PlotAxis& y) {
  const auto cost = [](const PointRow& row, const PlotAxis& axis) {
    return axis.maximise ? -numberOf(row, axis.column) : numberOf(row, axis.column);
  };
  Rows flagged;
  for (const PointRow* row : rows)
    if (row->pareto) flagged.push_back(row);
  std::stable_sort(flagged.begin(), flagged.end(), [&](const PointRow* a, const PointRow* b) {
    return std::pair(cost(*a, x), cost(*a, y)) < std::pair(cost(*b, x), cost(*b, y));
  });
  Rows front;
  for (const PointRow* row : flagged)
    if (front.empty() || cost(*row, y) < cost(*front.back(), y)) front.push_back(row);
  return front;
}

std::string tipOf(const PointRow& row, const PlotAxis& x, const PlotAxis& y) {
  std::string tip = nameOf(row);
  for (const auto& [parameter, value] : row.parameters)
    if (parameter != "platform" && parameter != "format" && parameter != "workload")
      tip += ", " + parameter + " " + value;
  for (const PlotAxis& axis : {x, y}) {
    const Measure measure = measureOf(axis.column);
    tip +=
        "; " + measure.name + " " + formatQuantity(numberOf(row, axis.column), measure.dimension);
  }
  return tip;
}

bool isWinner(const PointRow& row, const std::vector<WinnerRow>& winners) {
  return std::any_of(winners.begin(), winners.end(), [&](const WinnerRow& w) {
    return w.point == row.id && w.workload == row.workload;
  });
}

/// The 5 % to 95 % interval of a point along both axes, where the row has it.
void drawInterval(Svg& svg, const PointRow& row, const DrawnAxis& xAxis, const DrawnAxis& yAxis,
                  const PlotAxis& x, const PlotAxis& y) {
  const auto ends = [&](const PlotAxis& axis, const DrawnAxis& drawn) {
    return std::pair(drawn.at(extraOf(row, axis.column + ".p5")),
                     drawn.at(extraOf(row, axis.column + ".p95")));
  };
  const double px = xAxis.at(numberOf(row, x.column)), py = yAxis.at(numberOf(row, y.column));
  if (const auto [from, to] = ends(x, xAxis); std::isfinite(from) && std::isfinite(to))
    svg.line(from, py, to, py, "axis");
  if (const auto [from, to] = ends(y, yAxis); std::isfinite(from) && std::isfinite(to))
    svg.line(px, from, px, to, "axis");
}

void drawPanel(Svg& svg, const Panel& panel, const Box& box, const PlotAxis& x, const PlotAxis& y,
               bool tips, const std::vector<WinnerRow>& winners) {
  std::vector<double> xs, ys;
  for (const PointRow* row : panel.rows) {
    xs.push_back(numberOf(*row, x.column));
    ys.push_back(numberOf(*row, y.column));
    if (doubtsOf(*row, winners).empty()) continue;
    for (const char* end : {".p5", ".p95"}) {
      xs.push_back(extraOf(*row, x.column + end));
      ys.push_back(extraOf(*row, y.column + end));
    }
  }
  const Measure xm = measureOf(x.column), ym = measureOf(y.column);
  const DrawnAxis xAxis(xs, box.left, box.right, xm.dimension);
  const DrawnAxis yAxis(ys, box.bottom, box.top, ym.dimension);
  const auto named = [](const Measure& m, const DrawnAxis& axis, bool maximise) {
    return m.name + (axis.logarithmic() ? " (log)" : "") +
           (maximise ? ", more is better" : ", less is better");
  };
  drawFrame(svg, box, xAxis, yAxis, named(xm, xAxis, x.maximise), named(ym, yAxis, y.maximise));
  const auto front = std::count_if(panel.rows.begin(), panel.rows.end(),
                                   [](const PointRow* r) { return r->pareto; });
  svg.text(box.left, box.top - 9, panel.workload, "head");
  svg.text(box.right, box.top - 9,
           fmt::format("{} points, {} in the Pareto set", panel.rows.size(), front), "small dim",
           Anchor::end);

  const Rows stairs = staircase(panel.rows, x, y);
  std::string line;
  for (std::size_t i = 0; i < stairs.size(); ++i) {
    const double px = xAxis.at(numberOf(*stairs[i], x.column));
    const double py = yAxis.at(numberOf(*stairs[i], y.column));
    if (i > 0) line += Svg::point(px, yAxis.at(numberOf(*stairs[i - 1], y.column)));
    line += Svg::point(px, py);
  }
  if (stairs.size() > 1) svg.polyline(line, "front");

  Labels labels(box);
  std::unordered_set<std::string> drawn;  // marks that would cover each other exactly
  for (const bool onFront : {false, true})
    for (const PointRow* row : panel.rows) {
      if (row->pareto != onFront) continue;
      const double px = xAxis.at(numberOf(*row, x.column));
      const double py = yAxis.at(numberOf(*row, y.column));
      const Family& family = familyOf(*row);
      if (!drawn.insert(fmt::format("{} {:.0f} {:.0f} {}", onFront, px, py, family.name)).second)
        continue;
      labels.block(px, py, onFront ? 6 : 3, !onFront);
      if (!doubtsOf(*row, winners).empty()) {
        drawInterval(svg, *row, xAxis, yAxis, x, y);
        svg.mark(Shape::circle, px, py, 10, "ring");
      }
      svg.mark(family.shape, px, py, onFront ? 5.5 : 4,
               onFront ? fillClass(family.colour) : outlineClass(family.colour),
               onFront || tips ? tipOf(*row, x, y) : "");
    }
  // Names of the best first, then those of the staircase: they show what is traded for what.
  Rows best;
  for (const PointRow* row : panel.rows)
    if (isWinner(*row, winners)) best.push_back(row);
  std::size_t names = 0;
  std::unordered_set<std::string> used;
  for (const Rows& group : {best, stairs, panel.rows})
    for (const PointRow* row : group) {
      const std::string doubts = doubtsOf(*row, winners);
      const std::string name = nameOf(*row) + (doubts.empty() ? "" : " ? (" + doubts + ")");
      if (!row->pareto || names >= namesShown || used.count(name) > 0) continue;
      if (labels.place(svg, xAxis.at(numberOf(*row, x.column)), yAxis.at(numberOf(*row, y.column)),
                       name)) {
        used.insert(name);
        ++names;
      }
    }
}

std::string csvOf(const std::vector<Panel>& panels, const PlotAxis& x, const PlotAxis& y) {
  std::string csv;
  appendCsvLine(csv, {"workload", "point_id", "platform", "format", "family", "scope", x.column,
                      y.column, "pareto", "device"});
  for (const Panel& panel : panels)
    for (const PointRow* row : panel.rows)
      appendCsvLine(
          csv, {row->workload, row->id, row->platform, row->format, familyOf(*row).name, row->scope,
                csvNumber(numberOf(*row, x.column)), csvNumber(numberOf(*row, y.column)),
                row->pareto ? "true" : "false", row->device});
  return csv;
}

}  // namespace

Plot paretoPlot(const std::vector<PointRow>& rows, const PlotAxis& x, const PlotAxis& y,
                const std::string& title, const std::vector<WinnerRow>& winners) {
  const std::vector<Panel> panels = panelsOf(rows, x, y);
  const std::size_t columns = std::min<std::size_t>(panels.size(), 2);
  const std::size_t lines = (panels.size() + columns - 1) / columns;
  const double width = panelWidth * static_cast<double>(columns);

  std::vector<const Family*> families;
  for (const Panel& panel : panels)
    for (const PointRow* row : panel.rows) {
      const Family* family = &familyOf(*row);
      if (std::none_of(families.begin(), families.end(),
                       [&](const Family* f) { return f->name == family->name; }))
        families.push_back(family);
    }
  Svg scratch(width, 0);  // only to learn how many lines the legend takes
  const double legend = drawFamilies(scratch, 20, legendTop, width - 40, families);
  const double top = legendTop + legend;
  Svg svg(width, top + panelHeight * static_cast<double>(lines));
  svg.text(20, 26, title.empty() ? "Pareto sets" : title, "title");
  const bool doubted = std::any_of(winners.begin(), winners.end(),
                                   [](const WinnerRow& w) { return w.restsOnUnknown(); });
  svg.text(width - 20, 26,
           "scope " + rows.front().scope + "; filled = in the Pareto set" +
               (doubted ? "; ? = rests on an unknown" : ""),
           "small dim", Anchor::end);
  drawFamilies(svg, 20, legendTop, width - 40, families);
  std::size_t points = 0;
  for (const Panel& panel : panels) points += panel.rows.size();
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const double left = panelWidth * static_cast<double>(i % columns);
    const double panelTop = top + panelHeight * static_cast<double>(i / columns);
    drawPanel(svg, panels[i],
              {left + marginLeft, panelTop + marginTop, left + panelWidth - marginRight,
               panelTop + panelHeight - marginBottom},
              x, y, points <= tipsShown, winners);
  }
  return {std::move(svg), "Scatter of design points per workload with their Pareto sets",
          csvOf(panels, x, y)};
}

}  // namespace wattlas
