// wattlas run
#include <fmt/format.h>

#include <memory>

#include "cli/bank_trace.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/compare_pairs.h"
#include "cli/evaluate.h"
#include "cli/run_kernels.h"
#include "results/store.h"
#include "results/table.h"
#include "results/trace.h"

namespace wattlas {
namespace {

std::string statisticsTable(const RunResult& r) {
  std::string out = fmt::format("{:<28} {:>12} {:>8} {:>12} {:>8} {:>8} {:>12}\n", "Component",
                                "Busy", "Share", "Waited for", "Served", "Queue", "Moved");
  for (const ComponentStatistics& s : r.statistics)
    out += fmt::format("{:<28} {:>12} {:>7.1f}% {:>12} {:>8} {:>8} {:>12}\n", s.component,
                       format(Seconds(s.busyS)), 100 * s.utilisation, format(Seconds(s.waitS)),
                       s.served, s.queueMax, s.bytes > 0 ? format(bytes(s.bytes)) : "-");
  return out;
}

struct RunCommand {
  std::string platform, workload, output, trace, commands;
  CommonOptions common;
  bool json = false, strict = false, printConfig = false, stats = false, kernels = false;

  void run(Context& context) const {
    const ExperimentSpec spec = common.spec(platform, workload);
    if (printConfig) {
      fmt::print("{}", makeExperiment(spec, context.registry, context.path).config().toYaml());
      return;
    }
    // Assumptions are confirmed by further simulations, and a process can elaborate only once.
    RunResult result = common.uncertainty ? std::move(evaluateEach({spec}, context).front())
                                          : evaluateHere(spec, context);
    std::string assumptions;
    if (common.uncertainty) assumptions = assumptionsOf(spec, result, context);
    printNotes(result);
    if (!output.empty()) writeRunStore(output, result);
    if (!trace.empty() || !commands.empty()) {
      dram::CommandLog banks = bankCommands(spec, result, context);
      if (!trace.empty())
        writeTrace(trace, result, "banks of one chip or channel", slicesOf(banks));
      if (!commands.empty()) writeCommands(commands, banks);
    }
    if (json)
      fmt::print("{}\n", kernels ? withKernels(toJson(result), spec, context) : toJson(result));
    else
      fmt::print("{}{}", printRun(result, {.colour = context.colour}), assumptions);
    if (stats && !json) fmt::print("\n{}", statisticsTable(result));
    if (kernels && !json) fmt::print("\n{}", kernelTable(spec, context));
    if (strict && !result.feasible) context.exitCode = exitInfeasible;
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
  sub->add_option("--commands", command->commands,
                  "Write the commands of a chip's or channel's banks (CSV; platforms with compute "
                  "in the bank)");
  sub->add_flag("--json", command->json, "Print one JSON object");
  sub->add_flag("--stats", command->stats,
                "Print what each device, host and link did: busy, waited for, moved");
  sub->add_flag(
      "--kernels", command->kernels,
      "Print the kernels of each operator (GPUs): tile, split, waves, occupancy, limiter");
  sub->add_flag("--strict", command->strict, "Exit with 3 when the point is infeasible");
  sub->add_flag("--print-config", command->printConfig,
                "Print the merged configuration (run it again with -p FILE) and stop");
  command->common.addTo(*sub);
  sub->callback([command, &context] { command->run(context); });
}

}  // namespace wattlas
