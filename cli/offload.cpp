// wattlas offload: which layers the host should take, with the copies that this costs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/evaluate.h"
#include "models/chain_mapping.h"
#include "models/network.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;
enum Place : std::size_t { onHostPlace = 0, onDevicePlace = 1 };

struct Cost {
  double timeS = std::numeric_limits<double>::infinity();
  double energyJ = std::numeric_limits<double>::infinity();
};

struct Layer {
  std::string phase, name, kind;
  Cost at[2];  ///< by Place
  Cost in[2];  ///< copy of its input from the host [1] or from the device [0]
  Cost out;    ///< copy of its output to the host
  std::size_t place = 0;
};

struct OffloadCommand {
  std::string platform, workload, objective = "time";
  CommonOptions common;
  bool json = false;

  RunResult with(const ConfigNode& place, const Context& context) const {
    ExperimentSpec spec = common.spec(platform, workload);
    if (!place.isNull()) spec.sets.emplace_back("mapping.place", place);
    return evaluateHere(spec, context);
  }

  static ConfigNode everything(const std::string& where) {
    ConfigNode place = ConfigNode::ofMap();
    place.put("*", ConfigNode::ofScalar(where));
    return place;
  }

  /// Rows of operators that ran at `where`, by phase and name.
  static std::map<std::pair<std::string, std::string>, Cost> costs(const RunResult& r,
                                                                   const std::string& where) {
    std::map<std::pair<std::string, std::string>, Cost> all;
    for (const OperatorResult& row : r.operators)
      if (row.device == where) all[{row.phase, row.name}] = {row.attributedS, row.energyJ};
    return all;
  }

  double weigh(const Cost& cost, double perJoule) const {
    return objective == "energy" ? cost.energyJ
           : objective == "edp"  ? cost.timeS + perJoule * cost.energyJ
                                 : cost.timeS;
  }

  std::vector<std::size_t> best(const std::vector<Layer>& layers, double perJoule) const {
    ChainCosts costs;
    for (const Layer& layer : layers) {
      costs.run.push_back({weigh(layer.at[0], perJoule), weigh(layer.at[1], perJoule)});
      costs.copy.push_back({{0, weigh(layer.in[1], perJoule)}, {weigh(layer.in[0], perJoule), 0}});
    }
    costs.start = costs.end = onHostPlace;
    costs.finish = {0, layers.empty() ? 0 : weigh(layers.back().out, perJoule)};
    return bestChainMapping(costs).place;
  }

  void run(Context& context) const {
    const ExperimentSpec spec = common.spec(platform, workload);
    const Experiment x = makeExperiment(spec, context.registry, context.path);
    if (x.tasks || x.platform->host.device == nullptr)
      throw InputError(Problem{
          {"--platform", 0},
          platform,
          x.tasks ? "a workload of tasks has no layers" : "has no host that could take layers",
          "a network on a platform with `host`",
          {}});
    const std::string device = x.platform->device.name, host = x.platform->host.name;
    const RunResult before = with({}, context);
    if (!before.feasible) throw InputError(before.reasons.front());
    // What the device refuses runs on the host also where everything is asked to run on it.
    ExperimentSpec mostly = spec;
    mostly.sets.emplace_back("hostOps", ConfigNode::ofList({}));
    mostly.sets.emplace_back("deviceOps", ConfigNode::ofList({}));
    const RunResult onDevice = evaluateHere(mostly, context);
    const RunResult onHost = with(everything(host), context);
    const auto atDevice = costs(onDevice, device), atHost = costs(onHost, host);

    const Device& model = *x.platform->device.device;
    const bool fetches = model.info().activationsOnHost;
    const auto copy = [&](CopyPattern pattern, bool to, Bits amount, std::int64_t count) {
      if (fetches || amount.value <= 0) return Cost{0, 0};
      const CopyCost cost = model.copy({pattern, to, amount});
      const double rate = std::min(cost.peak.value, x.platform->link.rate.value.value);
      const double each = toSeconds(cost.latency).value + x.platform->link.latency.value.value +
                          cost.wire.value / rate;
      const double joule = cost.wire.value * x.platform->link.energyPerBit.value.value +
                           cost.energy.energy(model.energy()).value;
      return Cost{each * static_cast<double>(count), joule * static_cast<double>(count)};
    };
    std::vector<Layer> layers;
    for (const Phase& phase : x.workload->phases)
      for (const OpId id : phase.graph.order()) {
        const Operator& op = phase.graph.at(id);
        const OpCost cost = costOf(op);
        const std::int64_t count = op.count * phase.repeat;
        Layer layer{nameOf(phase.kind), op.name, nameOf(op.kind), {}, {}, {}, 0};
        const std::pair key{layer.phase, layer.name};
        if (const auto at = atHost.find(key); at != atHost.end()) layer.at[0] = at->second;
        if (const auto at = atDevice.find(key); at != atDevice.end()) layer.at[1] = at->second;
        layer.in[1] = copy(CopyPattern::broadcast, true, cost.input, count);
        layer.in[0] = copy(CopyPattern::gather, false, cost.input, count);
        layer.out = copy(CopyPattern::gather, false, cost.output, count);
        layers.push_back(std::move(layer));
      }
    // A product of sums is least for some price of a joule in seconds.
    std::optional<RunResult> after;
    ConfigNode mapping;
    const double even = before.energyJ > 0 ? before.timeS / before.energyJ : 0.0;
    for (const double price : {1.0, 0.1, 0.3, 3.0, 10.0}) {
      const std::vector<std::size_t> place = best(layers, price * even);
      ConfigNode named = ConfigNode::ofMap();
      for (std::size_t i = 0; i < layers.size(); ++i)
        named.put(layers[i].phase + "/" + layers[i].name,
                  ConfigNode::ofScalar(place[i] == onHostPlace ? host : device));
      RunResult result = with(named, context);
      const auto score = [this](const RunResult& r) {
        return objective == "energy" ? r.energyJ
               : objective == "edp"  ? r.energyJ * r.timeS
                                     : r.timeS;
      };
      if (result.feasible && (!after || score(result) < score(*after))) {
        after = std::move(result);
        mapping = named;
        for (std::size_t i = 0; i < layers.size(); ++i) layers[i].place = place[i];
      }
      if (objective != "edp") break;
    }
    if (!after) throw InputError("no mapping fits this platform", "a smaller network");
    print(layers, before, *after, mapping, device, host);
  }

  void print(const std::vector<Layer>& layers, const RunResult& before, const RunResult& after,
             const ConfigNode& mapping, const std::string& device, const std::string& host) const {
    const auto finite = [](double v) { return std::isfinite(v) ? Json(v) : Json(nullptr); };
    if (json) {
      Json out{{"schema", resultSchema},
               {"platform", before.platform},
               {"workload", before.workload},
               {"objective", objective},
               {"layers", Json::array()}};
      for (const Layer& l : layers)
        out["layers"].push_back(
            {{"phase", l.phase},
             {"name", l.name},
             {"kind", l.kind},
             {"winner", l.place == onHostPlace ? host : device},
             {"time_s", {{device, finite(l.at[1].timeS)}, {host, finite(l.at[0].timeS)}}},
             {"energy_j", {{device, finite(l.at[1].energyJ)}, {host, finite(l.at[0].energyJ)}}},
             {"copy_s", l.in[l.place == onHostPlace ? 0 : 1].timeS}});
      out["before"] = {{"time_s", before.timeS}, {"energy_j", before.energyJ}};
      out["after"] = {{"time_s", after.timeS}, {"energy_j", after.energyJ}};
      out["mapping"] = Json::object();
      for (const auto& [what, where] : mapping.entries()) out["mapping"][what] = where.scalar();
      fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
      return;
    }
    const auto text = [](double s) { return std::isfinite(s) ? format(Seconds(s)) : "refused"; };
    fmt::print("{:<10} {:<22} {:>12} {:>12} {:>12}  {:<8} {}\n", "Phase", "Layer", device, host,
               "copy", "runs on", "because");
    for (const Layer& l : layers) {
      const bool onHost = l.place == onHostPlace;
      const double mine = l.at[l.place].timeS, other = l.at[1 - l.place].timeS;
      const std::string why = !std::isfinite(other) ? "the other refuses it"
                              : mine <= other
                                  ? fmt::format("{:.3g} times faster there", other / mine)
                                  : "copies would cost more";
      fmt::print("{:<10} {:<22} {:>12} {:>12} {:>12}  {:<8} {}\n", l.phase, l.name,
                 text(l.at[1].timeS), text(l.at[0].timeS), text(l.in[onHost ? 0 : 1].timeS),
                 onHost ? host : device, why);
    }
    fmt::print("\nBefore: {}, {}. After: {}, {}: {:.3g} times as fast, {:.3g} times the energy.\n",
               format(Seconds(before.timeS)), format(Joules(before.energyJ)),
               format(Seconds(after.timeS)), format(Joules(after.energyJ)),
               before.timeS / after.timeS, after.energyJ / before.energyJ);
  }
};

}  // namespace

void addOffload(CLI::App& app, Context& context) {
  auto command = std::make_shared<OffloadCommand>();
  CLI::App* sub =
      app.add_subcommand("offload", "Find which layers the host should take, copies included");
  sub->footer("Example:\n  wattlas offload -p upmem-server -w ecg-dscnn1d --format int8");
  sub->add_option("-p,--platform", command->platform, "Platform id or file")->required();
  sub->add_option("-w,--workload", command->workload, "Workload id or file")->required();
  sub->add_option("--objective", command->objective, "time, energy or edp (their product)")
      ->check(CLI::IsMember({"time", "energy", "edp"}));
  sub->add_flag("--json", command->json, "Print one JSON object");
  command->common.addTo(*sub);
  sub->callback([command, &context] { command->run(context); });
}

}  // namespace wattlas
