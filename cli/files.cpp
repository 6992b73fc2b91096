// wattlas pareto | plot | diff: results files
#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "models/experiment.h"
#include "results/plot.h"
#include "results/report/report.h"
#include "results/store.h"
#include "results/table.h"

namespace wattlas {
namespace {

/// Peaks of the device behind a result, made again from the configuration in it.
Roof roofOf(const RunResult& result, const Registry& registry) {
  Roof roof{result.platform, 0, 0};
  const ConfigNode tree = parseYaml(result.config, "configuration of " + result.platform);
  const ConfigNode* platform = tree.find("platform");
  if (platform == nullptr) return roof;
  const Platform made = buildPlatform({result.platform, *platform}, ConfigNode::ofMap(), registry);
  const DeviceInfo& info = made.device.device->info();
  roof.opsPerS = info.peakMacs.value;
  roof.bytesPerS = toBytes(Bits(info.peakMemory.value));
  return roof;
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
    const Store store(*first);
    fmt::print("{}",
               printPareto(store.rows(), {.colour = context.colour}, ParetoTable::Form::verdicts,
                           store.header().parameters, rowsOf<WinnerRow>(store)));
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
  plot->add_option("-w,--workload", choice->workload, "This workload alone");
  plot->add_option("--metric", choice->metric, "Number shown (heatmap, tornado: energy_j)");
  plot->add_option("--point", choice->point, "Point id or its beginning (tornado: the best)");
  plot->callback([first, output, kind, choice, &context] {
    choice->roofOf = [&context](const RunResult& r) { return roofOf(r, context.registry); };
    const Plot drawn = plotOfStore(*kind, *first, *choice);
    const std::string table = output->substr(0, output->rfind('.')) + ".csv";
    refuseSameFile("-o", *output, *first, "the results file");
    if (!drawn.csv.starts_with("point_id,platform")) refusePointTable("-o", table);
    writePlot(*output, drawn);
    fmt::print("written: {} and {}\n", *output, table);
  });

  CLI::App* diff = app.add_subcommand("diff", "Compare two results files point by point");
  diff->footer("Example:\n  wattlas diff before.h5 after.h5");
  diff->add_option("first", *first, "HDF5 file")->required();
  diff->add_option("second", *second, "HDF5 file")->required();
  auto all = std::make_shared<bool>(false);
  diff->add_flag("--all", *all, "List every point that differs");
  diff->callback([first, second, all] {
    fmt::print("{}", printDiff(Store(*first), Store(*second), *all ? SIZE_MAX : 40));
  });
}

void addReport(CLI::App& app, Context&) {
  struct Command {
    std::string file, output;
    ReportOptions options;
  };
  auto command = std::make_shared<Command>();
  CLI::App* report = app.add_subcommand(
      "report", "Make one web page of a results file; it needs no network and no other file");
  report->footer("Example:\n  wattlas report out.h5 -o report.html");
  report->add_option("file", command->file, "HDF5 file of explore, campaign merge or run")
      ->required();
  report->add_option("-o,--output", command->output, "HTML file to write")->required();
  report
      ->add_option("--points", command->options.points,
                   "Most points in the page; the Pareto sets always are")
      ->capture_default_str();
  report
      ->add_option("--details", command->options.details,
                   "Most points with operators, assumptions and configuration")
      ->capture_default_str();
  report->callback([command] {
    refuseSameFile("-o", command->output, command->file, "the results file");
    writeReport(command->output, Store(command->file), command->options);
    fmt::print("written: {} ({:.2f} MB)\n", command->output,
               static_cast<double>(std::filesystem::file_size(command->output)) / 1e6);
  });
}

}  // namespace wattlas
