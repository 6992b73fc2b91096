// wattlas run
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/compare.h"
#include "cli/context.h"
#include "models/base/atomic_file.h"
#include "models/live_run.h"
#include "models/sim/platform_model.h"
#include "models/timed_device.h"
#include "results/store.h"
#include "results/table.h"
#include "results/trace.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

struct OperatorKernels {
  std::string phase, name;
  std::vector<KernelReport> kernels;
};

/// Of the first step of each phase; operators that the device refuses have none.
std::vector<OperatorKernels> kernelsOf(const ExperimentSpec& spec, const Context& context) {
  const Experiment experiment = makeExperiment(spec, context.registry, context.path);
  const Device& device = *experiment.platform->device.device;
  const auto* timed = dynamic_cast<const TimedDevice*>(&device);
  if (timed == nullptr)
    throw InputError("--kernels: " + device.info().title + " runs no kernels", "a GPU");
  const bool resident = experiment.platform->residency == "resident";
  std::vector<OperatorKernels> out;
  for (const Phase& phase : experiment.workload->phases) {
    std::vector<OpId> mine;
    for (const OpId id : phase.graph.order())
      if (device.support(phase.graph.at(id)).level != Support::Level::refused) mine.push_back(id);
    for (const std::vector<OpId>& region : device.partition(phase.graph, mine)) {
      const auto program = device.lower({phase.graph, region, phase.kind, 0, {}, {}, resident, {}});
      if (!program) continue;
      out.push_back(
          {nameOf(phase.kind), phase.graph.at(region.front()).name, timed->kernels(**program)});
    }
  }
  return out;
}

std::string kernelTable(const ExperimentSpec& spec, const Context& context) {
  std::string out = fmt::format("{:<26} {:<44} {:>7} {:>6} {:>5} {:>9} {:>10}\n", "Operator",
                                "Kernel", "Blocks", "Waves", "Full", "Limiter", "Time");
  for (const OperatorKernels& op : kernelsOf(spec, context))
    for (const KernelReport& k : op.kernels)
      out += fmt::format("{:<26.26} {:<44.44} {:>7} {:>6} {:>4.0f}% {:>9} {:>10}\n",
                         op.phase + "/" + op.name, k.name, k.blocks, k.waves, 100 * k.occupancy,
                         k.limiter, format(Seconds(k.seconds)));
  return out;
}

std::string withKernels(const std::string& result, const ExperimentSpec& spec,
                        const Context& context) {
  Json out = Json::parse(result);
  const std::vector<OperatorKernels> all = kernelsOf(spec, context);
  for (Json& row : out["operators"]) {
    Json list = Json::array();
    for (const OperatorKernels& op : all)
      if (op.phase == row["phase"] && op.name == row["name"])
        for (const KernelReport& k : op.kernels)
          list.push_back({{"name", k.name},
                          {"tile", {k.tileRows, k.tileColumns}},
                          {"split", k.split},
                          {"blocks", k.blocks},
                          {"waves", k.waves},
                          {"occupancy", k.occupancy},
                          {"limiter", k.limiter},
                          {"time_s", k.seconds},
                          {"repeat", k.repeat}});
    row["kernels"] = std::move(list);
  }
  return out.dump(2);
}

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
