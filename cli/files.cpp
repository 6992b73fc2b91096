// wattlas pareto | plot | diff: results files
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <memory>

#include "cli/commands.h"
#include "results/plot.h"
#include "results/store.h"
#include "results/table.h"

namespace wattlas {
namespace {

/// Rows of two files by content id: what is new, gone, or different.
std::string diffText(const Store& a, const Store& b) {
  std::map<std::string, const PointRow*> left, right;
  for (const PointRow& row : a.rows()) left[row.id] = &row;
  for (const PointRow& row : b.rows()) right[row.id] = &row;
  std::string out;
  std::size_t equal = 0, changed = 0, gone = 0, added = 0;
  for (const auto& [id, row] : left) {
    const auto other = right.find(id);
    if (other == right.end()) {
      ++gone;
      out += fmt::format("- {} {} {} {}\n", id, row->platform, row->workload, row->format);
      continue;
    }
    std::string changes;
    for (const NumberColumn& column : numberColumns()) {
      const double x = row->*column.member, y = other->second->*column.member;
      if (x == y || (std::isnan(x) && std::isnan(y))) continue;
      changes += fmt::format("  {} {:.6g} -> {:.6g}{}", column.name, x, y,
                             x > 0 && y > 0 ? fmt::format(" ({:.4g}x)", y / x) : "");
    }
    if (row->feasible != other->second->feasible)
      changes +=
          other->second->feasible ? "  now feasible" : "  now infeasible: " + other->second->reason;
    if (row->pareto != other->second->pareto)
      changes += other->second->pareto ? "  joins the front" : "  leaves the front";
    if (changes.empty()) {
      ++equal;
      continue;
    }
    ++changed;
    out +=
        fmt::format("~ {} {} {} {}:{}\n", id, row->platform, row->workload, row->format, changes);
  }
  for (const auto& [id, row] : right)
    if (left.count(id) == 0) {
      ++added;
      out += fmt::format("+ {} {} {} {}\n", id, row->platform, row->workload, row->format);
    }
  return out +
         fmt::format("{} equal, {} changed, {} only in the first file, {} only in the second\n",
                     equal, changed, gone, added);
}

}  // namespace

void addFiles(CLI::App& app, Context& context) {
  auto first = std::make_shared<std::string>();
  auto second = std::make_shared<std::string>();
  auto output = std::make_shared<std::string>();
  auto kind = std::make_shared<std::string>();

  CLI::App* pareto = app.add_subcommand("pareto", "Print the Pareto sets of a results file");
  pareto->footer("Example:\n  wattlas pareto out.h5");
  pareto->add_option("file", *first, "HDF5 file of explore or run")->required();
  pareto->callback([first, &context] {
    fmt::print("{}", printPareto(Store(*first).rows(), {.colour = context.colour}));
  });

  CLI::App* plot = app.add_subcommand(
      "plot", "Draw a results file as SVG or PDF, with a CSV of its numbers beside it");
  plot->footer(
      "Examples:\n  wattlas plot pareto out.h5 -o front.svg\n"
      "  wattlas plot heatmap out.h5 -x format -y platform --metric energy_j -o map.pdf");
  plot->add_option("kind", *kind, "pareto, roofline, energy, tornado, heatmap or hypervolume")
      ->required();
  plot->add_option("file", *first, "HDF5 file of explore, campaign merge or run")->required();
  plot->add_option("-o,--output", *output, "SVG or PDF file to write")->required();
  auto choice = std::make_shared<PlotChoice>();
  plot->add_option("-x", choice->x, "Column (pareto: time_s) or gene (heatmap) across");
  plot->add_option("-y", choice->y, "Column (pareto: energy_j) or gene (heatmap) upwards");
  plot->add_option("--metric", choice->metric, "Number shown (heatmap, tornado: energy_j)");
  plot->add_option("--point", choice->point, "Point id or its beginning (tornado: the best)");
  plot->callback([first, output, kind, choice] {
    writePlot(*output, plotOfStore(*kind, *first, *choice));
    fmt::print("written: {} and {}.csv\n", *output, output->substr(0, output->size() - 4));
  });

  CLI::App* diff = app.add_subcommand("diff", "Compare two results files point by point");
  diff->footer("Example:\n  wattlas diff before.h5 after.h5");
  diff->add_option("first", *first, "HDF5 file")->required();
  diff->add_option("second", *second, "HDF5 file")->required();
  diff->callback([first, second] { fmt::print("{}", diffText(Store(*first), Store(*second))); });
}

}  // namespace wattlas
