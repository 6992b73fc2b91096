#include "cli/bank_trace.h"

#include <spdlog/spdlog.h>

#include "models/plan.h"
#include "pim/upmem/sim/timeline.h"
#include "results/atomic_file.h"

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

pim::CommandTrace bankCommands(const ExperimentSpec& spec, const RunResult& result,
                               const Context& context) {
  pim::CommandTrace all(inAll);
  if (!result.feasible) return all;
  const Experiment experiment = makeExperiment(spec, context.registry, context.path);
  const Device& device = *experiment.platform->device.device;
  const Plan plan = makePlan(experiment);
  for (const PlannedPhase& planned : plan.phases) {
    const Phase& phase = experiment.workload->phases.at(planned.index);
    for (const PlannedRegion& region : planned.regions) {
      if (region.onHost || region.groups.empty() || all.room() == 0) continue;
      const double start =
          startOf(result, nameOf(phase.kind), phase.graph.at(region.ops.front()).name);
      if (start < 0) continue;
      all.append(pim::bankTimeline(device, *region.groups.front().program,
                                   std::min(perOperator, all.room())),
                 toTicks(Seconds(start)));
    }
  }
  all.sort();
  if (all.dropped() > 0)
    spdlog::info("commands of banks: the first {} of each operator are kept, {} are left out",
                 perOperator, all.dropped());
  return all;
}

std::vector<UnitSlice> slicesOf(const pim::CommandTrace& trace) {
  std::vector<UnitSlice> slices;
  for (const pim::TracedCommand& c : trace.commands()) {
    const bool byDpu = c.kind == pim::TraceKind::WR || c.kind == pim::TraceKind::RD;
    std::string detail;
    if (c.row >= 0) detail = "row " + std::to_string(c.row);
    if (c.column >= 0)
      detail += (detail.empty() ? "slice " : ", column ") + std::to_string(c.column);
    slices.push_back({"bank " + std::to_string(c.bank) + (byDpu ? " from DPU" : ""), nameOf(c.kind),
                      toSeconds(c.at).value, toSeconds(c.duration).value, detail});
  }
  return slices;
}

void writeCommands(const std::string& path, const pim::CommandTrace& trace) {
  if (trace.commands().empty())
    throw InputError("this platform has no banks that are simulated command by command",
                     "a platform such as upmem-samac-col256 or upmem-dimm");
  writeFileAtomically(path, trace.csv());
}

}  // namespace wattlas
