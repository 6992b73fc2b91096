#include <algorithm>
#include <map>

#include "models/base/error.h"
#include "results/plot.h"
#include "results/store.h"

namespace wattlas {
namespace {

/// The best point of each workload and platform, in the order of their names.
std::vector<RunResult> bestOfEach(const Store& store, double PointRow::*member) {
  std::map<std::pair<std::string, std::string>, std::size_t> best;
  const std::vector<PointRow>& rows = store.rows();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].feasible) continue;
    const auto [at, isNew] = best.try_emplace({rows[i].workload, rows[i].platform}, i);
    if (!isNew && rows[i].*member < rows[at->second].*member) at->second = i;
  }
  std::vector<RunResult> results;
  for (const auto& [name, index] : best) results.push_back(store.result(index));
  return results;
}

}  // namespace

Plot plotOfStore(const std::string& kind, const std::string& path, const PlotAxis& x,
                 const PlotAxis& y) {
  const std::vector<std::string> kinds = {"pareto", "roofline", "energy"};
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
    throw InputError("'" + kind.substr(0, 40) + "' is not a kind of plot",
                     "pareto, roofline or energy", didYouMean(kind, kinds));
  const Store store(path);
  if (kind == "roofline") return rooflinePlot(bestOfEach(store, &PointRow::timeS));
  if (kind == "energy") return energyPlot(bestOfEach(store, &PointRow::energyJ));
  return paretoPlot(store.rows(), x, y, store.header().name);
}

}  // namespace wattlas
