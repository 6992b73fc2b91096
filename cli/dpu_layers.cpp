// wattlas dpu layers: what each layer of a network waits for on UPMEM memory, and what would help.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/context.h"
#include "pim/upmem/figures.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

struct DpuLayer {
  std::string phase, name, kind;
  std::int64_t times = 1;  ///< instances in the phase
  pim::Parts parts{};
  double timeS = 0, energyJ = 0;
  std::vector<double> with;  ///< its time under each change, seconds; empty where it does not run
};

/// A change of the hardware and what it is called.
struct Change {
  const char* name;
  std::vector<std::pair<std::string, ConfigNode>> sets;
};

class LayersCommand {
 public:
  std::string platform, workload;
  CommonOptions common;
  bool json = false;

  void run(const Context& context) const {
    const Experiment base = experiment(context, {});
    std::vector<DpuLayer> layers = layersOf(base);
    std::vector<Change> changes;
    const pim::UpmemParams& p = deviceOf(base).params();
    const auto scalar = [](double v, const char* unit) {
      return ConfigNode::ofScalar(fmt::format("{} {}", v, unit));
    };
    if (p.saMac.enabled() && p.saMac.where() == pim::Placement::columnAmps)
      changes.push_back(
          {"width x2",
           {{"device.saMac.lanes", ConfigNode::ofScalar(std::to_string(2 * p.saMac.lanes))},
            {"device.saMac.widthPerAccess", scalar(2 * p.saMac.width.value.value, "bit")}}});
    changes.push_back(
        {"DPU clock x2", {{"device.dpu.clock", scalar(2 * p.dpu.clock.value.value, "Hz")}}});
    changes.push_back({"link x2",
                       {{"device.host.scale",
                         ConfigNode::ofScalar(fmt::format("{}", p.host.scale.value.value / 2))}}});
    for (const Change& change : changes) {
      const std::vector<DpuLayer> changed = layersOf(experiment(context, change.sets));
      for (std::size_t i = 0; i < layers.size() && i < changed.size(); ++i)
        layers[i].with.push_back(changed[i].timeS);
    }
    if (json)
      writeJson(layers, changes);
    else
      print(layers, changes);
  }

 private:
  Experiment experiment(const Context& context,
                        const std::vector<std::pair<std::string, ConfigNode>>& sets) const {
    ExperimentSpec spec = common.spec(platform, workload);
    spec.sets.insert(spec.sets.end(), sets.begin(), sets.end());
    return makeExperiment(spec, context.registry, context.path);
  }

  const pim::UpmemDevice& deviceOf(const Experiment& e) const {
    const auto* device = dynamic_cast<const pim::UpmemDevice*>(e.platform->device.device.get());
    if (device == nullptr) throw InputError("'" + platform + "' has no DPUs", "a UPMEM platform");
    return *device;
  }

  std::vector<DpuLayer> layersOf(const Experiment& e) const {
    const pim::UpmemDevice& device = deviceOf(e);
    std::vector<DpuLayer> layers;
    for (const Phase& phase : e.workload->phases)
      for (const OpId id : phase.graph.order()) {
        const Operator& op = phase.graph.at(id);
        DpuLayer layer;
        layer.phase = nameOf(phase.kind);
        layer.name = op.name;
        layer.kind = nameOf(op.kind);
        layer.times = op.count * phase.repeat;
        const auto program = device.lower({phase.graph, {id}, phase.kind, 0});
        if (program) {
          const auto& lowered = dynamic_cast<const pim::UpmemProgram&>(**program);
          layer.parts = pim::partsOf(device, lowered.operators().front());
          for (const pim::PartCost& part : layer.parts) {
            layer.timeS += toSeconds(part.time).value;
            layer.energyJ += part.energy.value;
          }
        }
        layers.push_back(std::move(layer));
      }
    return layers;
  }

  void print(const std::vector<DpuLayer>& layers, const std::vector<Change>& changes) const {
    fmt::print("{:<8} {:<18} {:>6} {:>10} {:>10} ", "Phase", "DpuLayer", "times", "time", "energy");
    for (std::size_t i = 0; i < pim::partCount; ++i)
      fmt::print(" {:>12}", pim::nameOf(static_cast<pim::Part>(i)));
    for (const Change& change : changes) fmt::print(" {:>13}", change.name);
    fmt::print("\n");
    for (const DpuLayer& l : layers) {
      fmt::print("{:<8} {:<18.18} {:>6} ", l.phase, l.name, l.times);
      if (l.timeS <= 0) {
        fmt::print("{:>10}\n", "refused");
        continue;
      }
      fmt::print("{:>10} {:>10} ", format(Seconds(l.timeS)), format(Joules(l.energyJ)));
      for (const pim::PartCost& part : l.parts)
        fmt::print(" {:>4.0f} % {:>3.0f} %", 100 * toSeconds(part.time).value / l.timeS,
                   l.energyJ > 0 ? 100 * part.energy.value / l.energyJ : 0.0);
      for (const double t : l.with) fmt::print(" {:>12.2f}x", t > 0 ? l.timeS / t : 0.0);
      fmt::print("\n");
    }
    fmt::print(
        "\nOf each part: share of the layer's time, of its energy (counted events). The last "
        "columns: how many\ntimes faster the layer would be; 1.00 means that something else "
        "decides.\n");
  }

  void writeJson(const std::vector<DpuLayer>& layers, const std::vector<Change>& changes) const {
    Json out{{"platform", platform}, {"workload", workload}, {"layers", Json::array()}};
    for (const DpuLayer& l : layers) {
      Json parts = Json::object(), with = Json::object();
      for (std::size_t i = 0; i < pim::partCount; ++i)
        parts[pim::nameOf(static_cast<pim::Part>(i))] = {
            {"time_s", toSeconds(l.parts[i].time).value}, {"energy_j", l.parts[i].energy.value}};
      for (std::size_t i = 0; i < l.with.size(); ++i) with[changes[i].name] = l.with[i];
      out["layers"].push_back({{"phase", l.phase},
                               {"name", l.name},
                               {"kind", l.kind},
                               {"times", l.times},
                               {"time_s", l.timeS},
                               {"energy_j", l.energyJ},
                               {"parts", std::move(parts)},
                               {"time_with_s", std::move(with)}});
    }
    fmt::print("{}\n", out.dump(2));
  }
};

}  // namespace

void addDpuLayers(CLI::App& dpu, Context& context) {
  auto command = std::make_shared<LayersCommand>();
  CLI::App* sub = dpu.add_subcommand(
      "layers", "What each layer waits for on UPMEM memory: transfers, refill, MACs, read-out");
  sub->footer("Example:\n  wattlas dpu layers -p upmem-samac-col256 -w ecg-dscnn1d --format int8");
  sub->add_option("-p,--platform", command->platform, "Platform with DPUs")->required();
  sub->add_option("-w,--workload", command->workload, "Workload id or file")->required();
  sub->add_flag("--json", command->json, "Print one JSON object");
  command->common.addTo(*sub);
  sub->callback([command, &context] { command->run(context); });
}

}  // namespace wattlas
