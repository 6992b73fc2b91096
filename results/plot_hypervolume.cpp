#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "models/base/error.h"
#include "results/csv.h"
#include "results/plot_frame.h"

namespace wattlas {
namespace {

constexpr double panelWidth = 470, panelHeight = 340, top = 40;

using Curve = std::map<std::int64_t, double>;  ///< evaluations -> share covered

struct Step {
  std::int64_t evaluations;
  double low, median, high;
};

/// All curves at every step that any of them has; before its first one, a curve covers nothing.
std::vector<Step> bandOf(const std::map<std::int64_t, Curve>& seeds) {
  std::set<std::int64_t> at;
  for (const auto& [seed, curve] : seeds)
    for (const auto& [evaluations, value] : curve) at.insert(evaluations);
  std::vector<Step> steps;
  for (const std::int64_t evaluations : at) {
    std::vector<double> values;
    for (const auto& [seed, curve] : seeds) {
      const auto next = curve.upper_bound(evaluations);
      values.push_back(next == curve.begin() ? 0 : std::prev(next)->second);
    }
    std::sort(values.begin(), values.end());
    const std::size_t n = values.size();
    steps.push_back(
        {evaluations, values.front(), (values[(n - 1) / 2] + values[n / 2]) / 2, values.back()});
  }
  return steps;
}

}  // namespace

Plot hypervolumePlot(const std::vector<HistoryStep>& history, const std::string& title) {
  std::vector<std::string> workloads;
  std::map<std::string, std::map<std::int64_t, Curve>> curves;
  for (const HistoryStep& step : history) {
    if (curves.count(step.workload) == 0) workloads.push_back(step.workload);
    curves[step.workload][step.seed][step.evaluations] = step.hypervolume;
  }
  if (workloads.empty())
    throw InputError("the file has no search history", "a file with /search/history",
                     "an exhaustive study has none; 'search: {method: nsga2}' writes one");
  const std::size_t columns = std::min<std::size_t>(workloads.size(), 2);
  const std::size_t lines = (workloads.size() + columns - 1) / columns;
  Svg svg(panelWidth * static_cast<double>(columns),
          top + panelHeight * static_cast<double>(lines));
  svg.text(20, 26, title, "title");
  std::string csv;
  appendCsvLine(csv, {"workload", "evaluations", "seeds", "lowest", "median", "highest"});
  for (std::size_t w = 0; w < workloads.size(); ++w) {
    const auto& seeds = curves[workloads[w]];
    const std::vector<Step> steps = bandOf(seeds);
    const double x0 = panelWidth * static_cast<double>(w % columns);
    const double y0 = top + panelHeight * static_cast<double>(w / columns);
    const Box box{x0 + 70, y0 + 28, x0 + panelWidth - 24, y0 + panelHeight - 48};
    const DrawnAxis x = DrawnAxis::fromZero(static_cast<double>(steps.back().evaluations), box.left,
                                            box.right, Dimension::ratio);
    const DrawnAxis y = DrawnAxis::share(box.bottom, box.top);
    drawFrame(svg, box, x, y, "evaluations", "hypervolume");
    svg.text(box.left, box.top - 9, workloads[w], "head");
    const Step& last = steps.back();
    svg.text(box.right, box.top - 9,
             seeds.size() > 1 ? fmt::format("{} seeds, at the end {:.4g} .. {:.4g} %", seeds.size(),
                                            100 * last.low, 100 * last.high)
                              : fmt::format("seed {}, at the end {:.4g} %", seeds.begin()->first,
                                            100 * last.median),
             "small dim", Anchor::end);
    std::string line;
    std::vector<std::pair<double, double>> band;
    for (const Step& s : steps) {
      const double px = x.at(static_cast<double>(s.evaluations));
      line += Svg::point(px, y.at(s.median));
      band.emplace_back(px, y.at(s.high));
      appendCsvLine(csv, {workloads[w], std::to_string(s.evaluations), std::to_string(seeds.size()),
                          csvNumber(s.low), csvNumber(s.median), csvNumber(s.high)});
    }
    for (auto s = steps.rbegin(); s != steps.rend(); ++s)
      band.emplace_back(x.at(static_cast<double>(s->evaluations)), y.at(s->low));
    if (seeds.size() > 1) svg.area(band, "band");
    svg.polyline(line, "curve");
  }
  return {std::move(svg), "Hypervolume over evaluations", csv};
}

}  // namespace wattlas
