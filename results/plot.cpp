#include "results/plot.h"

#include <algorithm>
#include <map>
#include <set>

#include "models/base/atomic_file.h"
#include "models/base/error.h"
#include "results/plot_frame.h"
#include "results/store.h"

namespace wattlas {

const Family& familyOf(const std::string& platform) {
  struct Rule {
    const char* start;
    Family family;
  };
  // The first rule that fits wins, so longer beginnings stand first.
  static const std::vector<Rule> rules = {
      {"upmem-samac", {"UPMEM + sense-amplifier MAC", Shape::diamond, 5}},
      {"upmem", {"UPMEM", Shape::circle, 0}},
      {"pim-ai", {"PIM-AI", Shape::square, 3}},
      {"hbm-pim", {"other in-bank DRAM", Shape::hexagon, 6}},
      {"gddr6", {"other in-bank DRAM", Shape::hexagon, 6}},
      {"attacc", {"other in-bank DRAM", Shape::hexagon, 6}},
      {"neupims", {"other in-bank DRAM", Shape::hexagon, 6}},
      {"simdram", {"other in-bank DRAM", Shape::hexagon, 6}},
      {"cent", {"other in-bank DRAM", Shape::hexagon, 6}},
      {"roofline", {"roofline", Shape::plus, 8}},
      {"fpga", {"FPGA", Shape::triangleUp, 1}},
      {"asic", {"ASIC", Shape::plus, 7}},
      {"gpu", {"GPU", Shape::triangleDown, 2}},
      {"cpu", {"CPU", Shape::cross, 8}},
      {"hetero", {"mixed", Shape::star, 4}}};
  static const Family other = {"other", Shape::plus, 9};
  // A platform file given by path counts by its file name.
  const std::string name = platform.substr(platform.find_last_of('/') + 1);
  for (const Rule& rule : rules)
    if (name.starts_with(rule.start)) return rule.family;
  return other;
}

const Family& hostFamily() {
  static const Family host = {"run on the host", familyOf("cpu").shape, familyOf("cpu").colour};
  return host;
}

const Family& familyOf(const PointRow& row) {
  return row.device == "host" ? hostFamily() : familyOf(row.platform);
}

std::string nameOf(const PointRow& row) {
  return row.platform + hostNote(row[metricHostShare]) +
         (row.format.empty() ? "" : " " + row.format);
}

std::string doubtsOf(const PointRow& row, const std::vector<WinnerRow>& winners) {
  std::string text;
  for (const WinnerRow& w : winners)
    if (w.point == row.id && w.workload == row.workload && w.restsOnUnknown())
      text += (text.empty() ? "" : ", ") + labelOf(w.metric) + " " + chancePercent(w.probability);
  return text;
}

void writePlot(const std::string& path, const Plot& plot) {
  const bool pdf = path.ends_with(".pdf");
  if (!pdf && !path.ends_with(".svg"))
    throw InputError(Problem{{path, 0},
                             "",
                             "is not the name of a picture",
                             "a name ending in .svg or .pdf",
                             "the numbers are written beside it as .csv"});
  writeFileAtomically(path.substr(0, path.size() - 4) + ".csv", plot.csv);
  writeFileAtomically(path, pdf ? plot.drawing.pdf(plot.label) : plot.svg);
}

namespace {

/// The best point of each workload and platform, in the order of their names, and what it rests on.
struct BestPoints {
  std::vector<RunResult> results;
  std::vector<std::string> doubts;

  BestPoints(const Store& store, int metric, const std::string& workload) {
    std::map<std::pair<std::string, std::string>, std::size_t> best;
    const std::vector<PointRow>& rows = store.rows();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!rows[i].feasible || (!workload.empty() && rows[i].workload != workload)) continue;
      const auto [at, isNew] = best.try_emplace({rows[i].workload, rows[i].platform}, i);
      if (!isNew && rows[i][metric] < rows[at->second][metric]) at->second = i;
    }
    const std::vector<WinnerRow> winners = rowsOf<WinnerRow>(store);
    for (const auto& [name, index] : best) {
      results.push_back(store.result(index));
      doubts.push_back(doubtsOf(rows[index], winners));
    }
  }
};

/// Rows of one workload, or all.
std::vector<PointRow> pointsOf(const Store& store, const std::string& workload) {
  std::vector<PointRow> rows = store.rows();
  std::erase_if(rows,
                [&](const PointRow& row) { return !workload.empty() && row.workload != workload; });
  return rows;
}

/// Throws InputError when the file has no such workload.
void checkWorkload(const Store& store, const std::string& workload) {
  std::vector<std::string> known;
  for (const PointRow& row : store.rows())
    if (std::find(known.begin(), known.end(), row.workload) == known.end())
      known.push_back(row.workload);
  if (workload.empty() || std::find(known.begin(), known.end(), workload) != known.end()) return;
  std::string list;
  for (const std::string& name : known) list += (list.empty() ? "one of " : ", ") + name;
  throw InputError("the file has no points of workload '" + workload.substr(0, 60) + "'", list,
                   didYouMean(workload, known));
}

/// The bars of one point and metric: the ones asked for, or those of the point that is best.
Plot tornadoOfStore(const Store& store, const PlotChoice& choice) {
  std::vector<TornadoBar> bars = rowsOf<TornadoBar>(store);
  const std::string metric = !choice.metric.empty() ? choice.metric
                             : bars.empty()         ? ""
                                                    : bars.front().metric;
  if (bars.empty())
    throw InputError("the file holds no tornado", "a file with /uncertainty/tornado",
                     "write it with 'wattlas explore ... --uncertainty -o FILE.h5'");
  std::erase_if(bars, [&](const TornadoBar& b) {
    return b.metric != metric || !b.point.starts_with(choice.point);
  });
  if (bars.empty())
    throw InputError(
        "no tornado of '" + metric.substr(0, 40) + "'" +
            (choice.point.empty() ? std::string()
                                  : " for a point '" + choice.point.substr(0, 40) + "'"),
        "time_s or energy_j, and a point of /uncertainty/tornado");
  const PointRow* best = nullptr;
  double value = missing;
  for (const PointRow& row : store.rows()) {
    if (!row.feasible || (!choice.workload.empty() && row.workload != choice.workload) ||
        std::none_of(bars.begin(), bars.end(),
                     [&](const TornadoBar& b) { return b.point == row.id; }))
      continue;
    const double v = numberOf(row, metric);
    if (best == nullptr || v < value) {
      best = &row;
      value = v;
    }
  }
  if (best == nullptr && !bars.empty())
    throw InputError("no feasible point has the bars of '" + metric + "'", "a point of the file");
  if (best == nullptr) return tornadoPlot({}, missing, "");
  std::erase_if(bars, [&](const TornadoBar& b) { return b.point != best->id; });
  return tornadoPlot(bars, value,
                     best->platform + " " + best->format + ", " + best->workload + " (point " +
                         best->id.substr(0, 16) + ")");
}

/// Directions as the study has them.
PlotAxis axisOf(const Store& store, const std::string& column) {
  for (const ObjectiveInfo& o : rowsOf<ObjectiveInfo>(store))
    if (o.name == column) return {column, o.maximise};
  return {column, measureOf(column).better == Better::more};
}

/// The first design parameters with more than one value, platform and format among them.
Plot heatmapOfStore(const Store& store, const PlotChoice& choice) {
  std::vector<std::string> varying;
  std::vector<std::string> parameters =
      columnsOf(store.rows(), store.header().parameters).parameters;
  parameters.insert(parameters.begin(), {"format", "platform"});
  for (const std::string& parameter : parameters) {
    std::set<std::string> values;
    for (const PointRow& row : store.rows()) {
      const std::string* value = parameterOf(row, parameter);
      values.insert(parameter == "platform" ? row.platform
                    : parameter == "format" ? row.format
                    : value == nullptr      ? std::string()
                                            : *value);
    }
    if (values.size() > 1) varying.push_back(parameter);
  }
  const auto pick = [&](const std::string& asked, std::size_t k) {
    if (!asked.empty()) return asked;
    if (k < varying.size()) return varying[k];
    throw InputError("fewer than two genes vary in this file", "a study with two genes");
  };
  if (store.rows().empty()) throw InputError("the file holds no points", "a file with points");
  const PlotAxis metric = axisOf(store, choice.metric.empty() ? "energy_j" : choice.metric);
  return heatmapPlot(pointsOf(store, choice.workload), pick(choice.x, 0), pick(choice.y, 1), metric,
                     store.header().name, rowsOf<WinnerRow>(store));
}

}  // namespace

const std::vector<std::string>& plotKinds() {
  static const std::vector<std::string> kinds = {"pareto",  "roofline", "energy",
                                                 "tornado", "heatmap",  "hypervolume"};
  return kinds;
}

Plot plotOfStore(const std::string& kind, const std::string& path, const PlotChoice& given) {
  PlotChoice choice = given;
  // Columns of objectives that are expressions: HDF5 keeps '/' for paths.
  for (std::string* name : {&choice.x, &choice.y, &choice.metric})
    for (std::size_t at = name->find('/'); at != std::string::npos; at = name->find('/', at))
      name->replace(at, 1, "÷");
  const std::vector<std::string>& kinds = plotKinds();
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
    throw InputError("'" + kind.substr(0, 40) + "' is not a kind of plot",
                     "pareto, roofline, energy, tornado, heatmap or hypervolume",
                     didYouMean(kind, kinds));
  const Store store(path);
  checkWorkload(store, choice.workload);
  if (kind == "roofline") {
    const BestPoints best(store, metricTime, choice.workload);
    std::vector<Roof> roofs;
    if (choice.roofOf)
      for (const RunResult& result : best.results) roofs.push_back(choice.roofOf(result));
    return rooflinePlot(best.results, roofs, best.doubts);
  }
  if (kind == "energy") {
    const BestPoints best(store, metricEnergy, choice.workload);
    return energyPlot(best.results, best.doubts);
  }
  if (kind == "tornado") return tornadoOfStore(store, choice);
  if (kind == "heatmap") return heatmapOfStore(store, choice);
  if (kind == "hypervolume") {
    std::vector<HistoryStep> history = rowsOf<HistoryStep>(store);
    std::erase_if(history, [&](const HistoryStep& step) {
      return !choice.workload.empty() && step.workload != choice.workload;
    });
    return hypervolumePlot(history, store.header().name);
  }
  return paretoPlot(pointsOf(store, choice.workload),
                    axisOf(store, choice.x.empty() ? "time_s" : choice.x),
                    axisOf(store, choice.y.empty() ? "energy_j" : choice.y), store.header().name,
                    rowsOf<WinnerRow>(store));
}

}  // namespace wattlas
