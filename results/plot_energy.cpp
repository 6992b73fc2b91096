#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "models/base/error.h"
#include "results/csv.h"
#include "results/plot_frame.h"
#include "results/print_parts.h"
#include "results/table.h"

namespace wattlas {
namespace {

constexpr double width = 860, rowHeight = 30, top = 84, bottom = 52;

/// Colour of each category, so that memory-like ones and compute stand apart.
constexpr std::size_t colourOf[categoryCount] = {0, 3, 9, 4, 5, 1, 6, 7, 8};

std::string nameOfRun(const RunResult& r, bool withWorkload) {
  return platformText(r) + " " + r.format + (withWorkload ? ", " + r.workload : "");
}

std::string csvOf(const std::vector<const RunResult*>& runs) {
  std::string csv;
  std::vector<std::string> cells = {"platform", "workload", "format", "scope", "energy_j"};
  for (int i = 0; i < categoryCount; ++i) cells.emplace_back(nameOf(static_cast<Category>(i)));
  appendCsvLine(csv, cells);
  for (const RunResult* r : runs) {
    cells = {r->platform, r->workload, r->format, r->scope, csvNumber(r->energyJ)};
    for (const double joules : r->breakdownJ) cells.push_back(csvNumber(joules));
    appendCsvLine(csv, cells);
  }
  return csv;
}

void drawCategories(Svg& svg, const std::vector<const RunResult*>& runs) {
  double x = 20;
  for (std::size_t c = 0; c < categoryCount; ++c) {
    if (std::none_of(runs.begin(), runs.end(),
                     [&](const RunResult* r) { return r->breakdownJ[c] > 0; }))
      continue;
    const std::string name = nameOf(static_cast<Category>(c));
    svg.rect(x, 42, 11, 11, fillClass(colourOf[c]));
    svg.text(x + 16, 52, name, "");
    x += 16 + textWidth(name, 11) + 16;
  }
}

}  // namespace

Plot energyPlot(const std::vector<RunResult>& results, const std::vector<std::string>& doubts) {
  refuseMixed(results);
  std::vector<const RunResult*> runs;
  for (const RunResult& r : results)
    if (r.feasible && r.energyJ > 0) runs.push_back(&r);
  if (runs.empty()) throw InputError("no result has an energy", "at least one feasible result");
  // Workloads stay together in the order of their first result: only within one, ratios mean much.
  std::vector<std::string> workloads;
  std::map<std::string, double> leastOf;
  for (const RunResult* r : runs) {
    const auto [at, isNew] = leastOf.try_emplace(r->workload, r->energyJ);
    at->second = std::min(at->second, r->energyJ);
    if (isNew) workloads.push_back(r->workload);
  }
  const auto place = [&](const RunResult* r) {
    return std::find(workloads.begin(), workloads.end(), r->workload) - workloads.begin();
  };
  std::stable_sort(runs.begin(), runs.end(), [&](const RunResult* a, const RunResult* b) {
    return std::pair(place(a), -a->energyJ) < std::pair(place(b), -b->energyJ);
  });
  const auto doubtOf = [&](const RunResult* r) {
    const auto i = static_cast<std::size_t>(r - results.data());
    return i < doubts.size() ? doubts[i] : std::string();
  };
  const bool doubted = std::any_of(runs.begin(), runs.end(),
                                   [&](const RunResult* r) { return !doubtOf(r).empty(); });
  double most = 0, least = runs.front()->energyJ;
  for (const RunResult* r : runs) {
    most = std::max(most, r->energyJ);
    least = std::min(least, r->energyJ);
  }
  const bool shares = most > 20 * least;
  const bool manyWorkloads = std::any_of(runs.begin(), runs.end(), [&](const RunResult* r) {
    return r->workload != runs.front()->workload;
  });
  double names = 60;
  for (const RunResult* r : runs)
    names = std::max(names, textWidth(nameOfRun(*r, manyWorkloads), 11));
  const double left = std::min(30 + names, 320.0), right = width - (doubted ? 230 : 130);

  Svg svg(width, top + rowHeight * static_cast<double>(runs.size()) + bottom);
  svg.text(20, 26, "Where the energy goes" + (manyWorkloads ? "" : ": " + runs.front()->workload),
           "title");
  svg.text(width - 20, 26,
           "scope " + runs.front()->scope + ", energy by " + runs.front()->energyMode +
               (doubted ? "; ? = rests on an unknown" : ""),
           "small dim", Anchor::end);
  drawCategories(svg, runs);
  const double floor = top + rowHeight * static_cast<double>(runs.size());
  const DrawnAxis axis = shares ? DrawnAxis::share(left, right)
                                : DrawnAxis::fromZero(most, left, right, Dimension::energy);
  for (const Tick& tick : axis.ticks()) {
    svg.line(axis.at(tick.value), top - 10, axis.at(tick.value), floor, "grid");
    svg.text(axis.at(tick.value), floor + 14, tick.label, "small dim", Anchor::middle);
  }
  svg.text((left + right) / 2, floor + 34, shares ? "share of the energy" : "energy", "",
           Anchor::middle);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const RunResult& r = *runs[i];
    const double y = top + rowHeight * static_cast<double>(i);
    svg.text(left - 8, y + 12, nameOfRun(r, manyWorkloads), "", Anchor::end);
    double at = 0;
    for (std::size_t c = 0; c < categoryCount; ++c) {
      const double part = r.breakdownJ[c] / (shares ? r.energyJ : 1.0);
      if (part <= 0) continue;
      svg.rect(axis.at(at), y, axis.at(at + part) - axis.at(at), 18, fillClass(colourOf[c]),
               fmt::format("{}: {} ({:.1f} %)", nameOf(static_cast<Category>(c)),
                           formatQuantity(r.breakdownJ[c], Dimension::energy),
                           100 * r.breakdownJ[c] / r.energyJ));
      at += part;
    }
    svg.text(
        axis.at(at) + 8, y + 13,
        formatQuantity(r.energyJ, Dimension::energy) +
            (r.energyJ > leastOf[r.workload] ? ", " + ratioText(r.energyJ / leastOf[r.workload])
                                             : "") +
            (doubtOf(&r).empty() ? "" : " ? (" + doubtOf(&r) + ")"),
        "small");
  }
  return {std::move(svg), "Stacked bars of energy by category", csvOf(runs)};
}

}  // namespace wattlas
