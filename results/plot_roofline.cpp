#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "models/base/error.h"
#include "results/csv.h"
#include "results/plot_frame.h"

namespace wattlas {
namespace {

constexpr double width = 760, height = 480;
constexpr std::size_t mostRoofs = 3;  ///< in one set of axes

struct Dot {
  const RunResult* run;
  std::string doubts;  ///< of the result
  const OperatorResult* op;
  double intensity, rate, share;
};

std::vector<Dot> dotsOf(const std::vector<RunResult>& results,
                        const std::vector<std::string>& doubts) {
  std::vector<Dot> dots;
  for (std::size_t i = 0; i < results.size(); ++i)
    for (const OperatorResult& o : results[i].operators)
      if (const RunResult& r = results[i];
          r.feasible && o.device != "host" && o.macs > 0 && o.bytes > 0 && o.attributedS > 0)
        dots.push_back({&r, i < doubts.size() ? doubts[i] : "", &o, 2 * o.macs / o.bytes,
                        2 * o.macs / o.attributedS, r.timeS > 0 ? o.attributedS / r.timeS : 0});
  if (dots.empty())
    throw InputError("no operator has MACs, bytes and time on a device",
                     "a feasible result with operators",
                     "an infeasible point or a pure copy has no roofline");
  return dots;
}

void raise(std::vector<Roof>& roofs, const Roof& roof) {
  const auto known = std::find_if(roofs.begin(), roofs.end(),
                                  [&](const Roof& other) { return other.name == roof.name; });
  if (known == roofs.end()) {
    roofs.push_back(roof);
    return;
  }
  known->opsPerS = std::max(known->opsPerS, roof.opsPerS);
  known->bytesPerS = std::max(known->bytesPerS, roof.bytesPerS);
}

/// The given roofs, one a name: a platform with several designs keeps the highest limits. A rate
/// that is not given follows from utilisation, which is the share of the peak.
std::vector<Roof> roofsFor(const std::vector<Dot>& dots, const std::vector<Roof>& given) {
  std::vector<Roof> roofs, reckoned;
  for (const Roof& roof : given) raise(roofs, roof);
  for (const Dot& dot : dots)
    raise(reckoned,
          {dot.run->platform, dot.op->utilisation > 0 ? dot.rate / dot.op->utilisation : 0, 0});
  if (roofs.empty()) return reckoned;
  for (Roof& roof : roofs)
    for (const Roof& other : reckoned)
      if (roof.opsPerS <= 0 && other.name == roof.name) roof.opsPerS = other.opsPerS;
  return roofs;
}

void drawRoof(Svg& svg, const Roof& roof, const DrawnAxis& x, const DrawnAxis& y, Labels& labels) {
  const auto rateAt = [&](double intensity) {
    const double slope = roof.bytesPerS > 0 ? intensity * roof.bytesPerS : roof.opsPerS;
    return roof.opsPerS > 0 ? std::min(slope, roof.opsPerS) : slope;
  };
  const double ridge = roof.bytesPerS > 0 && roof.opsPerS > 0 ? roof.opsPerS / roof.bytesPerS : 0;
  // The sloped part enters the frame where it crosses the lowest rate shown.
  double from = x.low();
  if (roof.bytesPerS > 0) from = std::max(from, y.low() / roof.bytesPerS);
  std::string line = Svg::point(x.at(from), y.at(rateAt(from)));
  if (ridge > from && ridge < x.high()) line += Svg::point(x.at(ridge), y.at(roof.opsPerS));
  line += Svg::point(x.at(x.high()), y.at(rateAt(x.high())));
  svg.polyline(line, "roof");
  if (roof.opsPerS > 0) {
    const std::string name = fmt::format("{}{} peak", roof.name.empty() ? "" : roof.name + " ",
                                         formatQuantity(roof.opsPerS, Dimension::throughput));
    const double end = x.at(x.high()) - 4, base = y.at(rateAt(x.high())) - 6;
    svg.text(end, base, name, "small halo", Anchor::end);
    labels.block(Box{end - textWidth(name), base - 10, end, base + 2});
  }
  if (roof.bytesPerS > 0 && (ridge == 0 || ridge > from)) {
    const double middle = std::sqrt(from * (ridge == 0 ? x.high() : std::min(ridge, x.high())));
    labels.place(svg, x.at(middle), y.at(rateAt(middle)),
                 formatQuantity(8 * roof.bytesPerS, Dimension::bandwidth) + " peak");
  }
}

std::string csvOf(const std::vector<Dot>& dots, const std::vector<Roof>& roofs) {
  std::string csv;
  appendCsvLine(csv, {"what", "platform", "workload", "format", "phase", "operator", "ops_per_byte",
                      "ops_per_s", "bytes_per_s", "time_share", "bound"});
  for (const Roof& roof : roofs)
    appendCsvLine(csv, {"roof", roof.name, "", "", "", "", "", csvNumber(roof.opsPerS),
                        csvNumber(roof.bytesPerS), "", ""});
  for (const Dot& d : dots)
    appendCsvLine(
        csv, {"operator", d.run->platform, d.run->workload, d.run->format, d.op->phase, d.op->name,
              csvNumber(d.intensity), csvNumber(d.rate), csvNumber(d.op->bytes / d.op->attributedS),
              csvNumber(d.share), d.op->bound});
  return csv;
}

/// What one set of axes shows.
struct Panel {
  std::string title;
  std::vector<Dot> dots;  ///< the largest first
  std::vector<Roof> roofs;
};

/// Family of a mark with the name that the legend gives it.
using Naming = std::function<Family(const Dot&)>;

void drawPanel(Svg& svg, const Box& box, const DrawnAxis& x, const DrawnAxis& y, const Panel& panel,
               const Naming& familyFor, std::size_t names) {
  drawFrame(svg, box, x, y, "operations per byte" + std::string(x.logarithmic() ? " (log)" : ""),
            "rate" + std::string(y.logarithmic() ? " (log)" : ""));
  if (!panel.title.empty()) svg.text(box.left, box.top - 10, panel.title, "head");
  Labels labels(box);
  for (const Dot& d : panel.dots)
    labels.block(x.at(d.intensity), y.at(d.rate), 4 + 8 * std::sqrt(d.share));
  for (const Roof& roof : panel.roofs) drawRoof(svg, roof, x, y, labels);
  for (const Dot& d : panel.dots) {
    const Family family = familyFor(d);
    svg.mark(family.shape, x.at(d.intensity), y.at(d.rate), 3.5 + 8 * std::sqrt(d.share),
             fillClass(family.colour),
             fmt::format("{} ({}): {:.3g} op/B, {}, {:.1f} % of the time, bound by {}", d.op->name,
                         d.op->phase, d.intensity, formatQuantity(d.rate, Dimension::throughput),
                         100 * d.share, d.op->bound));
  }
  for (std::size_t i = 0; i < std::min(names, panel.dots.size()); ++i)
    if (panel.dots[i].share >= 0.02)
      labels.place(svg, x.at(panel.dots[i].intensity), y.at(panel.dots[i].rate),
                   panel.dots[i].op->name);
}

/// " ? (time 16 %)" when a result among those of the dots rests on an unknown.
std::string doubtsIn(const std::vector<Dot>& dots) {
  std::set<std::string> different;
  for (const Dot& d : dots)
    if (!d.doubts.empty()) different.insert(d.doubts);
  return different.empty() ? "" : fmt::format(" ? ({})", fmt::join(different, ", "));
}

/// One panel for few platforms, one a platform for many: a dozen roofs over each other say nothing.
std::vector<Panel> panelsOf(const std::vector<Dot>& dots, const std::vector<Roof>& roofs) {
  if (roofs.size() <= mostRoofs) return {{{}, dots, roofs}};
  std::vector<Panel> panels;
  for (const Roof& roof : roofs) {
    Panel panel{roof.name, {}, {roof}};
    for (const Dot& d : dots)
      if (d.run->platform == roof.name) panel.dots.push_back(d);
    panel.title += doubtsIn(panel.dots);
    panel.roofs.front().name.clear();  // the panel says it
    if (!panel.dots.empty()) panels.push_back(std::move(panel));
  }
  return panels;
}

/// Marks are told apart by what differs inside a panel: platforms, else workloads, else phases.
Naming namingOf(const std::vector<Dot>& dots, bool platforms) {
  if (platforms)
    return [](const Dot& d) {
      Family family = familyOf(d.run->platform);
      family.name = d.run->platform + doubtsIn({d});
      return family;
    };
  std::vector<std::string> workloads, phases;
  const auto note = [](std::vector<std::string>& list, const std::string& name) {
    if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
  };
  for (const Dot& d : dots) {
    note(workloads, d.run->workload);
    note(phases, d.op->phase);
  }
  const bool byWorkload = workloads.size() > 1;
  return [byWorkload, list = byWorkload ? workloads : phases](const Dot& d) {
    Family family = familyOf(d.run->platform);
    family.name = byWorkload ? d.run->workload : d.op->phase;
    family.colour =
        static_cast<std::size_t>(std::find(list.begin(), list.end(), family.name) - list.begin());
    return family;
  };
}

}  // namespace

Plot rooflinePlot(const std::vector<RunResult>& results, std::vector<Roof> roofs,
                  const std::vector<std::string>& doubts) {
  std::vector<Dot> dots = dotsOf(results, doubts);
  roofs = roofsFor(dots, roofs);
  const bool unknown =
      std::any_of(roofs.begin(), roofs.end(), [](const Roof& roof) { return roof.bytesPerS <= 0; });
  std::vector<double> xs, ys;
  for (const Dot& d : dots) {
    xs.push_back(d.intensity);
    ys.push_back(d.rate);
  }
  for (const Roof& roof : roofs) {
    if (roof.opsPerS > 0) ys.push_back(roof.opsPerS);
    if (roof.opsPerS > 0 && roof.bytesPerS > 0) xs.push_back(2 * roof.opsPerS / roof.bytesPerS);
  }
  const std::string csv = csvOf(dots, roofs);
  const RunResult& first = *dots.front().run;
  const bool single = std::all_of(dots.begin(), dots.end(), [&](const Dot& d) {
    return d.run->workload == first.workload && d.run->format == first.format;
  });
  // Large marks first, so that small ones stay visible on top of them.
  std::stable_sort(dots.begin(), dots.end(),
                   [](const Dot& a, const Dot& b) { return a.share > b.share; });
  const std::vector<Panel> panels = panelsOf(dots, roofs);
  const bool many = panels.size() > 1;
  const Naming familyFor = namingOf(dots, !many && roofs.size() > 1);
  std::vector<Family> legend;
  for (const Dot& d : dots) {
    Family family = familyFor(d);
    if (many) family.shape = Shape::square;  // the shape stands for the family of the panel
    if (std::none_of(legend.begin(), legend.end(),
                     [&](const Family& f) { return f.name == family.name; }))
      legend.push_back(std::move(family));
  }
  std::vector<const Family*> shown;
  for (const Family& family : legend) shown.push_back(&family);

  const double panelWidth = many ? 430 : width, panelHeight = many ? 300 : height - 72;
  const auto columns = static_cast<std::size_t>(many ? 2 : 1);
  const std::size_t lines = (panels.size() + columns - 1) / columns;
  const double whole = panelWidth * static_cast<double>(columns);
  Svg svg(whole, 72 + panelHeight * static_cast<double>(lines));
  svg.text(20, 26,
           (single ? "Roofline: " + first.workload + " " + first.format : "Roofline") +
               (roofs.size() == 1 ? doubtsIn(dots) : ""),
           "title");
  svg.text(whole - 20, 26,
           fmt::format("scope {}; size = share of the time{}{}", first.scope,
                       unknown ? "; no slope where the memory's peak is not known"
                               : "; roofs are peaks of the devices",
                       doubtsIn(dots).empty() ? "" : "; ? = rests on an unknown"),
           "small dim", Anchor::end);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const double left = panelWidth * static_cast<double>(i % columns);
    const double top = 72 + panelHeight * static_cast<double>(i / columns);
    const Box box{left + 90, top + (many ? 26 : 0), left + panelWidth - 30, top + panelHeight - 50};
    const DrawnAxis x(xs, box.left, box.right, Dimension::ratio);
    const DrawnAxis y(ys, box.bottom, box.top, Dimension::throughput);
    drawPanel(svg, box, x, y, panels[i], familyFor, many ? 4 : 8);
  }
  drawFamilies(svg, 20, 50, whole - 40, shown);
  return {std::move(svg), "Roofline plot of the operators of a workload", csv};
}

}  // namespace wattlas
