#include "cli/run_kernels.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "models/timed_device.h"

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

}  // namespace

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

}  // namespace wattlas
