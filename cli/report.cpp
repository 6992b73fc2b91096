// wattlas report: a results file as one web page
#include "results/report/report.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/output_file.h"
#include "results/store.h"

namespace wattlas {

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
