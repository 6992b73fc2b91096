// wattlas run
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/compare_pairs.h"
#include "cli/evaluate.h"
#include "cli/run_kernels.h"
#include "models/base/atomic_file.h"
#include "models/live_run.h"
#include "models/sim/platform_model.h"
#include "results/store.h"
#include "results/table.h"
#include "results/trace.h"

namespace wattlas {
namespace {

constexpr std::size_t mostCommands = 400000;

std::string statisticsTable(const RunResult& r) {
  std::string out = fmt::format("{:<28} {:>12} {:>8} {:>12} {:>8} {:>8} {:>12}\n", "Component",
                                "Busy", "Share", "Waited for", "Served", "Queue", "Moved");
  for (const ComponentStatistics& s : r.statistics)
    out += fmt::format("{:<28} {:>12} {:>7.1f}% {:>12} {:>8} {:>8} {:>12}\n", s.component,
                       format(Seconds(s.busyS)), 100 * s.utilisation, format(Seconds(s.waitS)),
                       s.served, s.queueMax, s.bytes > 0 ? format(bytes(s.bytes)) : "-");
  return out;
}

std::vector<UnitSlice> slicesOf(const dram::CommandLog& log) {
  using dram::CommandKind;
  std::vector<UnitSlice> slices;
  for (const dram::CommandRecord& c : log.records()) {
    const bool byDpu =
        c.bank >= 0 && c.row < 0 && (c.kind == CommandKind::WR || c.kind == CommandKind::RD);
    std::string detail;
    if (c.row >= 0) detail = "row " + std::to_string(c.row);
    if (c.column >= 0)
      detail += (detail.empty() ? "slice " : ", column ") + std::to_string(c.column);
    const std::string unit = c.bank >= 0 ? "bank " + std::to_string(c.bank) : "all banks";
    slices.push_back({unit + (byDpu ? " from DPU" : ""), nameOf(c.kind), toSeconds(c.time).value,
                      toSeconds(c.busy).value, detail});
  }
  return slices;
}

RunResult evaluateTold(const ExperimentSpec& spec, const Context& context,
                       dram::CommandLog& commands) {
  ProfileCache cache;
  return simulate(makeExperiment(spec, context.registry, context.path), cache, platformSimulator,
                  commands);
}

struct RunCommand {
  std::string platform, workload, output, trace, commands;
  CommonOptions common;
  bool json = false, strict = false, printConfig = false, stats = false, kernels = false;

  void writeCommands(const RunResult& result, dram::CommandLog& banks) const {
    if (banks.records().empty() && result.feasible)
      throw InputError(Problem{
          {"--commands", 0},
          result.platform,
          result.fidelityUsed.at("device") == "analytic"
              ? "a closed form gives no commands to banks"
              : "simulates no banks command by command at " + result.fidelityUsed.at("device"),
          "--fidelity event or detailed on a platform such as gddr6-aim or upmem-samac-col256; "
          "PIM-AI with --set run.coupling=live",
          {}});
    writeFileAtomically(commands, banks.csv());
  }

  void run(Context& context) const {
    const ExperimentSpec spec = common.spec(platform, workload);
    if (printConfig) {
      fmt::print("{}", makeExperiment(spec, context.registry, context.path).config().toYaml());
      return;
    }
    dram::CommandLog banks(mostCommands);
    const bool told = !trace.empty() || !commands.empty();
    RunResult result = told ? evaluateTold(spec, context, banks) : evaluateHere(spec, context);
    std::string assumptions;
    if (common.uncertainty) assumptions = assumptionsOf(spec, result, context);
    printNotes(result);
    if (!output.empty()) writeRunStore(output, result);
    if (banks.dropped() > 0)
      spdlog::info("commands of banks: the first {} are kept", banks.records().size());
    if (!trace.empty()) writeTrace(trace, result, "banks of one chip or channel", slicesOf(banks));
    if (!commands.empty()) writeCommands(result, banks);
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
                  "Write the commands that the run gave the banks of a chip or channel (CSV)");
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
