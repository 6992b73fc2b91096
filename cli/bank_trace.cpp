#include "cli/bank_trace.h"

#include <spdlog/spdlog.h>

#include "models/base/atomic_file.h"
#include "models/plan.h"
#include "pim/nearbank/timeline.h"
#include "pim/upmem/sim/timeline.h"

namespace wattlas {
namespace {

constexpr std::size_t perOperator = 20000, inAll = 400000;

/// Start of the operator's row in the result; negative when it is not there.
double startOf(const RunResult& result, const std::string& phase, const std::string& name) {
  for (const OperatorResult& row : result.operators)
    if (row.phase == phase && row.name == name && row.device == "device") return row.startS;
  return -1;
}

}  // namespace

dram::CommandLog bankCommands(const ExperimentSpec& spec, const RunResult& result,
                              const Context& context) {
  dram::CommandLog all(inAll);
  if (!result.feasible) return all;
  const Experiment experiment = makeExperiment(spec, context.registry, context.path);
  const Device& device = *experiment.platform->device.device;
  const Plan plan = makePlan(experiment);
  for (const PlannedPhase& planned : plan.phases) {
    const Phase& phase = experiment.workload->phases.at(planned.index);
    for (const PlannedRegion& region : planned.regions) {
      if (region.component() != onDevice || region.groups.empty() || all.room() == 0) continue;
      const double start =
          startOf(result, nameOf(phase.kind), phase.graph.at(region.ops.front()).name);
      if (start < 0) continue;
      const Program& program = *region.groups.front().program;
      const std::size_t most = std::min(perOperator, all.room());
      const dram::CommandLog banks = pim::bankTimeline(device, program, most);
      all.append(banks, toTicks(Seconds(start)));
      all.append(pim::nearbank::channelTimeline(device, program, most), toTicks(Seconds(start)));
    }
  }
  if (all.dropped() > 0)
    spdlog::info("commands of banks: the first {} of each operator are kept, {} are left out",
                 perOperator, all.dropped());
  return all;
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

void writeCommands(const std::string& path, dram::CommandLog& log) {
  if (log.records().empty())
    throw InputError("this platform has no banks that are simulated command by command",
                     "a platform such as upmem-samac-col256, hbm-pim or gddr6-aim");
  writeFileAtomically(path, log.csv());
}

}  // namespace wattlas
