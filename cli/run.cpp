// wattlas run, wattlas compare
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cmath>
#include <memory>

#include "cli/bank_trace.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/decisive.h"
#include "cli/evaluate.h"
#include "models/uncertainty.h"
#include "results/store.h"
#include "results/table.h"
#include "results/trace.h"

namespace wattlas {
namespace {

void printNotes(const RunResult& result) {
  for (const std::string& note : result.notes) spdlog::info("{}: {}", result.workload, note);
}

/// The parameters that move the result most over the common scenarios.
std::string tornado(const ScenarioSet& set) {
  if (set.timeS.empty()) return {};
  std::string out =
      fmt::format("\nWhat moves it most (rank correlation over {} scenarios)\n", set.timeS.size());
  out += fmt::format("  {:<44} {:>8} {:>8}\n", "parameter", "time", "energy");
  std::size_t shown = 0;
  for (const auto& i : set.influences) {
    if (++shown > 8 || (std::abs(i.onEnergy) < 0.2 && std::abs(i.onTime) < 0.2)) break;
    out += fmt::format("  {:<44} {:>+8.2f} {:>+8.2f}\n", i.parameter, i.onTime, i.onEnergy);
  }
  return out;
}

/// How often each result beats the first one of its workload under the same scenario.
std::string chances(const std::vector<RunResult>& results, const std::vector<ScenarioSet>& sets) {
  std::string out = "\nUnder common scenarios (the interval of every parameter)\n";
  for (std::size_t i = 0; i < results.size(); ++i) {
    std::size_t first = 0;
    while (results[first].workload != results[i].workload) ++first;
    if (first == i || sets[i].timeS.empty() || sets[first].timeS.empty()) continue;
    const auto strongest = [](const ScenarioSet& set) {
      return set.influences.empty() ? std::string("-") : set.influences.front().parameter;
    };
    out += fmt::format(
        "  {} on {}: faster than {} in {:.0f} %, less energy in {:.0f} % of {} "
        "scenarios; energy rests on {} and {}\n",
        results[i].workload, results[i].platform, results[first].platform,
        100 * probabilityBelow(sets[i].timeS, sets[first].timeS),
        100 * probabilityBelow(sets[i].energyJ, sets[first].energyJ), sets[i].timeS.size(),
        strongest(sets[i]), strongest(sets[first]));
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    std::size_t first = 0;
    while (results[first].workload != results[i].workload) ++first;
    if (first != i)
      out += decisive(sets[i], sets[first], results[i].platform, results[first].platform, 8);
  }
  return out;
}

struct RunCommand {
  std::string platform, workload, output, trace, commands;
  CommonOptions common;
  bool json = false, strict = false, printConfig = false;

  void run(Context& context) const {
    const ExperimentSpec spec = common.spec(platform, workload);
    if (printConfig) {
      fmt::print("{}", makeExperiment(spec, context.registry, context.path).config().toYaml());
      return;
    }
    RunResult result = evaluateHere(spec, context);
    ScenarioSet scenarios;
    if (common.uncertainty) scenarios = runScenarios(spec, result, context.registry, context.path);
    printNotes(result);
    if (!output.empty()) writeRunStore(output, result);
    if (!trace.empty() || !commands.empty()) {
      dram::CommandLog banks = bankCommands(spec, result, context);
      if (!trace.empty()) writeTrace(trace, result, "banks of one chip or channel", slicesOf(banks));
      if (!commands.empty()) writeCommands(commands, banks);
    }
    if (json)
      fmt::print("{}\n", toJson(result));
    else
      fmt::print("{}{}", printRun(result, {.colour = context.colour}), tornado(scenarios));
    if (strict && !result.feasible) context.exitCode = exitInfeasible;
  }
};

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
    std::vector<ScenarioSet> scenarios(results.size());
    for (std::size_t i = 0; common.uncertainty && i < results.size(); ++i)
      scenarios[i] = runScenarios(specs[i], results[i], context.registry, context.path);
    for (const RunResult& result : results) printNotes(result);
    if (!json) {
      fmt::print("{}{}", printCompare(results, {.colour = context.colour}),
                 common.uncertainty ? chances(results, scenarios) : "");
      return;
    }
    std::string out = "{\n\"schema\": " + std::to_string(resultSchema) + ",\n\"results\": [\n";
    for (std::size_t i = 0; i < results.size(); ++i)
      out += toJson(results[i]) + (i + 1 < results.size() ? ",\n" : "\n");
    fmt::print("{}]\n}}\n", out);
  }
};

}  // namespace

void addRun(CLI::App& app, Context& context) {
  auto command = std::make_shared<RunCommand>();
  CLI::App* sub = app.add_subcommand("run", "Simulate one workload on one platform");
  sub->footer(
      "Example:\n  wattlas run -p pim-ai-4chip -w llama2-7b --prompt 128 --generate 32 "
      "--format fp16");
  sub->add_option("-p,--platform", command->platform, "Platform id or file")->required();
  sub->add_option("-w,--workload", command->workload,
                  "Workload id, file or micro workload such as gemv:4096x4096");
  sub->add_option("-o,--output", command->output, "Write the result to an HDF5 file");
  sub->add_option("--trace", command->trace, "Write a timeline for Perfetto (JSON)");
  sub->add_option(
      "--commands", command->commands,
      "Write the commands of a chip's or channel's banks (CSV; platforms with compute in the bank)");
  sub->add_flag("--json", command->json, "Print one JSON object");
  sub->add_flag("--strict", command->strict, "Exit with 3 when the point is infeasible");
  sub->add_flag("--print-config", command->printConfig,
                "Print the merged configuration (run it again with -p FILE) and stop");
  command->common.addTo(*sub);
  sub->callback([command, &context] { command->run(context); });
}

void addCompare(CLI::App& app, Context& context) {
  auto command = std::make_shared<CompareCommand>();
  CLI::App* sub = app.add_subcommand("compare", "Compare platforms side by side");
  sub->footer(
      "Example:\n  wattlas compare -p upmem-server -p gpu-h100-sxm -w llama2-7b "
      "--format int8");
  sub->add_option("-p,--platform", command->platforms, "Platform id or file (repeat)")
      ->required()
      ->take_all()
      ->allow_extra_args(false);
  sub->add_option("-w,--workload", command->workloads, "Workload id or file (repeat)")
      ->required()
      ->take_all()
      ->allow_extra_args(false);
  sub->add_flag("--json", command->json, "Print one JSON object");
  command->common.addTo(*sub);
  sub->callback([command, &context] { command->run(context); });
}

}  // namespace wattlas
