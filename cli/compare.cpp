// wattlas compare
#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/compare_pairs.h"
#include "cli/evaluate.h"
#include "results/table.h"

namespace wattlas {
namespace {

struct CompareCommand {
  std::vector<std::string> platforms, workloads;
  CommonOptions common;
  bool json = false;

  void run(Context& context) const {
    std::vector<ExperimentSpec> specs;
    for (const std::string& workload : workloads)
      for (const std::string& platform : platforms)
        specs.push_back(common.spec(platform, workload));
    std::vector<RunResult> results = evaluateEach(specs, context);
    refuseMixed(results);
    std::vector<ComparedPair> pairs;
    if (common.uncertainty) pairs = comparisonsAgainstFirst(specs, results, context);
    for (const RunResult& result : results) printNotes(result);
    if (!json) {
      fmt::print(
          "{}{}",
          printCompare(results, {.colour = context.colour}, chancesOf(specs, results, context)),
          common.uncertainty ? printComparisons(pairs) : "");
      return;
    }
    std::string out = "{\n\"schema\": " + std::to_string(resultSchema) + ",\n\"results\": [\n";
    for (std::size_t i = 0; i < results.size(); ++i)
      out += toJson(results[i]) + (i + 1 < results.size() ? ",\n" : "\n");
    out += "]";
    if (common.uncertainty) out += ",\n\"duels\": " + comparisonsJson(pairs);
    fmt::print("{}\n}}\n", out);
  }
};

}  // namespace

void addCompare(CLI::App& app, Context& context) {
  auto command = std::make_shared<CompareCommand>();
  CLI::App* sub = app.add_subcommand("compare", "Compare platforms side by side");
  sub->footer(
      "Example:\n  wattlas compare -p upmem-server -p gpu-h100-sxm -w llama2-7b "
      "--format int8");
  repeated(sub->add_option("-p,--platform", command->platforms, "Platform id or file (repeat)")
               ->required());
  repeated(sub->add_option("-w,--workload", command->workloads, "Workload id or file (repeat)")
               ->required());
  sub->add_flag("--json", command->json, "Print one JSON object");
  command->common.addTo(*sub);
  sub->callback([command, &context] { command->run(context); });
}

}  // namespace wattlas
