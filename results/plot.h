// Pictures of results: an SVG and the CSV with the numbers behind it.
#pragma once

#include <string>
#include <vector>

#include "models/result.h"
#include "results/point.h"
#include "results/svg.h"

namespace wattlas {

struct Plot {
  std::string svg, csv;
};

/// Family of a platform id: name, shape and colour are the same in every picture.
struct Family {
  std::string name;
  Shape shape = Shape::circle;
  std::size_t colour = 0;
};
const Family& familyOf(const std::string& platform);

/// One axis of a Pareto plot: a number column of PointRow.
struct PlotAxis {
  std::string column;
  bool maximise = false;
};

/// One panel per workload: feasible points, those flagged `pareto` filled and named, others hollow,
/// with the staircase of the front in these two objectives. Throws InputError: unknown column,
/// mixed scopes, no point with both numbers.
Plot paretoPlot(const std::vector<PointRow>& rows, const PlotAxis& x = {"time_s"},
                const PlotAxis& y = {"energy_j"}, const std::string& title = {});

/// Limits of a device in a roofline plot. Unknown ones are 0.
struct Roof {
  std::string name;
  double opsPerS = 0, bytesPerS = 0;
};
/// Operators by arithmetic intensity (operations per byte that must move) and achieved rate; a
/// mark's size shows its share of the time. Without `roofs`, they are taken from the results: the
/// peak from rate / utilisation, the bandwidth as the highest one reached, and named so. Operators
/// of the host are left out: they have another roof. Throws InputError when nothing is left.
Plot rooflinePlot(const std::vector<RunResult>& results, std::vector<Roof> roofs = {});

/// Energy by category, one bar per result, greatest first within each workload. When totals differ
/// by more than 20 x, bars show shares and the totals stand beside them. Throws InputError for
/// mixed scopes or energy modes, and when no result is feasible.
Plot energyPlot(const std::vector<RunResult>& results);

/// A plot of a results file: `pareto` (all points), `roofline` (the fastest point of each platform
/// and workload) or `energy` (the one of least energy). Throws InputError: unknown kind, a file
/// that Store refuses, points without full results.
Plot plotOfStore(const std::string& kind, const std::string& path, const PlotAxis& x = {"time_s"},
                 const PlotAxis& y = {"energy_j"});

/// Writes `path` (.svg) and the CSV beside it (.csv). Throws InputError.
void writePlot(const std::string& path, const Plot& plot);

}  // namespace wattlas
