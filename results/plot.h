// Pictures of results: an SVG and the CSV with the numbers behind it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/result.h"
#include "results/point.h"
#include "results/store_table.h"
#include "results/svg.h"

namespace wattlas {

struct Plot {
  Plot(Svg picture, std::string name, std::string numbers)
      : drawing(std::move(picture)),
        label(std::move(name)),
        svg(drawing.finish(label)),
        csv(std::move(numbers)) {}
  Svg drawing;
  std::string label;  ///< what it shows, for readers who cannot see it
  std::string svg, csv;
};

/// Family of a platform id: name, shape and colour are the same in every picture.
struct Family {
  std::string name;
  Shape shape = Shape::circle;
  std::size_t colour = 0;
};
const Family& familyOf(const std::string& platform);
/// Of a point: that of host processors when its host ran everything.
const Family& familyOf(const PointRow& row);
const Family& hostFamily();
/// Platform and format of a point, and what its host ran.
std::string nameOf(const PointRow& row);

/// Names of the objectives in which a point is the best one and rests on an unknown, each with its
/// chance: "time 16 %, energy 40 %"; empty when there are none.
std::string doubtsOf(const PointRow& row, const std::vector<WinnerRow>& winners);

/// One axis of a Pareto plot: a number column of PointRow.
struct PlotAxis {
  std::string column;
  bool maximise = false;
};

/// One panel per workload: feasible points, those flagged `pareto` filled and named, others hollow,
/// with the staircase of the front in these two objectives. Throws InputError: unknown column,
/// mixed scopes, no point with both numbers.
/// The best point of an objective is named first; one that rests on an unknown has a dashed ring,
/// the chance that it is the best, and its interval, where rows hold it.
Plot paretoPlot(const std::vector<PointRow>& rows, const PlotAxis& x = {"time_s"},
                const PlotAxis& y = {"energy_j"}, const std::string& title = {},
                const std::vector<WinnerRow>& winners = {});

/// Limits of a device in a roofline plot: what its hardware can do, not what a workload reached.
/// Unknown ones are 0.
struct Roof {
  std::string name;
  double opsPerS = 0, bytesPerS = 0;
};
/// Operators by arithmetic intensity (operations per byte that must move) and achieved rate; a
/// mark's size shows its share of the time. A roof without a rate gets the peak in the formats of
/// the results, rate / utilisation; one without a bandwidth has no slope, and the plot says so.
/// Operators of the host are left out: they have another roof. Throws InputError when nothing is
/// left.
/// `doubts`: what doubtsOf() says of each result, shown beside its platform; may be empty.
Plot rooflinePlot(const std::vector<RunResult>& results, std::vector<Roof> roofs = {},
                  const std::vector<std::string>& doubts = {});

/// Energy by category, one bar per result, greatest first within each workload. When totals differ
/// by more than 20 x, bars show shares and the totals stand beside them. Throws InputError for
/// mixed scopes or energy modes, and when no result is feasible.
/// `doubts`: what doubtsOf() says of each result, shown beside it; may be empty.
Plot energyPlot(const std::vector<RunResult>& results, const std::vector<std::string>& doubts = {});

/// Parameters moved over their intervals, the widest bar first: `metric` of one point. `value` is
/// the point's own (NaN = not drawn). Throws InputError when no bar has both numbers.
Plot tornadoPlot(const std::vector<TornadoBar>& bars, double value, const std::string& title);

/// One cell per pair of values of two design parameters (or platform, format): the best `metric`
/// over everything else; one panel per workload. A cell whose best point rests on an unknown has a
/// "?". Throws InputError: unknown names, nothing to show.
Plot heatmapPlot(const std::vector<PointRow>& rows, const std::string& parameterX,
                 const std::string& parameterY, const PlotAxis& metric, const std::string& title,
                 const std::vector<WinnerRow>& winners = {});

/// Share of the box covered over evaluations, one panel per workload; with several seeds the
/// median and the band from the lowest to the highest. Throws InputError when there is no history.
Plot hypervolumePlot(const std::vector<HistoryStep>& history, const std::string& title);

/// What a plot of a file shows. Empty = chosen by the kind of plot.
struct PlotChoice {
  /// roofline: limits of the device behind a result (empty = unknown).
  std::function<Roof(const RunResult&)> roofOf = {};
  std::string
      x = {},
      y = {};  ///< pareto: columns (time_s, energy_j); heatmap: design parameters (the first two)
  std::string metric = {};    ///< heatmap, tornado: a number column
  std::string workload = {};  ///< this one alone (all)
  std::string point = {};     ///< tornado: point_id or its beginning (the best of the metric)
};
const std::vector<std::string>& plotKinds();
/// A plot of a results file: `pareto` (all points), `roofline` (the fastest point of each platform
/// and workload), `energy` (the one of least energy), `tornado`, `heatmap`, `hypervolume`. Throws
/// InputError: unknown kind, a file that Store refuses, points without what the kind needs.
Plot plotOfStore(const std::string& kind, const std::string& path, const PlotChoice& choice = {});

/// Writes `path` (.svg or .pdf) and the CSV beside it (.csv). Throws InputError.
void writePlot(const std::string& path, const Plot& plot);

}  // namespace wattlas
