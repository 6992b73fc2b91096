// wattlas offload: which layers the host or other groups should take, with the copies this costs.
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
#include "cli/context.h"
#include "models/copy_routes.h"
#include "models/graph_mapping.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;
struct Cost {
  double timeS = std::numeric_limits<double>::infinity();
  double energyJ = std::numeric_limits<double>::infinity();
};

struct Layer {
  std::string phase, name, kind;
  std::vector<Cost> at;  ///< by place
  Cost copy;             ///< of its input, to the winner from the place that is next best
  std::size_t place = 0;
};

/// A copy between two places of a platform, `count` times.
class Copies {
 public:
  explicit Copies(const Platform& platform) : platform_(platform), routes_(platform) {}

  Cost pass(Bits amount, ComponentIndex from, ComponentIndex to, std::int64_t count) const {
    from = home(from);
    to = home(to);
    if (from == to || amount.value <= 0) return {0, 0};
    const CopyRoutes::Route& route = routes_.between(from, to);
    double time = toSeconds(route.latency).value, joules = 0, wire = 0, rate = route.rate.value;
    if (rate <= 0) rate = std::numeric_limits<double>::infinity();
    for (const ComponentIndex end : {from, to}) {
      if (end == onHost) continue;
      const Device& device = *partOf(platform_, end).device;
      const CopyCost cost = device.copy(
          {end == to ? CopyPattern::broadcast : CopyPattern::gather, end == to, amount});
      wire = std::max(wire, cost.wire.value);
      if (route.byHost) {
        time += toSeconds(cost.latency).value;
        rate = std::min(rate, cost.peak.value);
      }
      joules += cost.energy.energy(device.energy()).value;
    }
    time += wire * route.meeting / rate;
    for (const auto& [link, hops] : route.hops)
      joules +=
          wire * static_cast<double>(hops) * platform_.linkEnergy.at(link).perCount.value.value;
    return {time * static_cast<double>(count), joules * static_cast<double>(count)};
  }

 private:
  /// Whose memory holds what is made there.
  ComponentIndex home(ComponentIndex place) const {
    return place != onHost && partOf(platform_, place).device->info().activationsOnHost ? onHost
                                                                                        : place;
  }
  const Platform& platform_;
  CopyRoutes routes_;
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

  double weigh(const Cost& cost, double perJoule) const {
    return objective == "energy" ? cost.energyJ
           : objective == "edp"  ? cost.timeS + perJoule * cost.energyJ
                                 : cost.timeS;
  }
  double score(const RunResult& r) const {
    return objective == "energy" ? r.energyJ : objective == "edp" ? r.energyJ * r.timeS : r.timeS;
  }

  void run(Context& context) const {
    const Experiment x =
        makeExperiment(common.spec(platform, workload), context.registry, context.path);
    const bool hosted = x.platform->host.device != nullptr;
    if (x.tasks || (!hosted && x.platform->groups.size() == 1))
      throw InputError(Problem{
          {"--platform", 0},
          platform,
          x.tasks ? "a workload of tasks has no layers" : "has no host that could take layers",
          "a network on a platform with `host` or several groups",
          {}});
    std::vector<ComponentIndex> places;
    for (std::size_t g = 0; g < x.platform->groups.size(); ++g) places.push_back(componentOf(g));
    if (hosted) places.push_back(onHost);
    const RunResult before = with({}, context);
    if (!before.feasible) throw InputError(before.reasons.front());
    std::vector<Layer> layers = layersOf(x, places, context);
    // A product of sums is least for some price of a joule in seconds.
    std::optional<RunResult> after;
    ConfigNode mapping;
    const double even = before.energyJ > 0 ? before.timeS / before.energyJ : 0.0;
    for (const double price : {1.0, 0.1, 0.3, 3.0, 10.0}) {
      const std::vector<std::size_t> best = bestPlaces(x, places, layers, price * even);
      ConfigNode named = ConfigNode::ofMap();
      for (std::size_t i = 0; i < layers.size(); ++i)
        named.put(layers[i].phase + "/" + layers[i].name,
                  ConfigNode::ofScalar(partOf(*x.platform, places[best[i]]).name));
      RunResult result = with(named, context);
      if (result.feasible && (!after || score(result) < score(*after))) {
        after = std::move(result);
        mapping = named;
        for (std::size_t i = 0; i < layers.size(); ++i) layers[i].place = best[i];
      }
      if (objective != "edp") break;
    }
    if (!after) throw InputError("no mapping fits this platform", "a smaller network");
    priceCopies(x, places, layers);
    std::vector<std::string> names;
    for (const ComponentIndex place : places) names.push_back(partOf(*x.platform, place).name);
    print(layers, before, *after, mapping, names);
  }

  /// Every operator with what it costs at each place, in runs of as much as that place can take.
  std::vector<Layer> layersOf(const Experiment& x, const std::vector<ComponentIndex>& places,
                              const Context& context) const {
    std::vector<Layer> layers;
    for (const Phase& phase : x.workload->phases)
      for (const OpId id : phase.graph.order()) {
        const Operator& op = phase.graph.at(id);
        layers.push_back({nameOf(phase.kind),
                          op.name,
                          nameOf(op.kind),
                          std::vector<Cost>(places.size()),
                          {},
                          0});
      }
    for (std::size_t p = 0; p < places.size(); ++p) {
      const Component& part = partOf(*x.platform, places[p]);
      ConfigNode place = ConfigNode::ofMap();
      for (const Phase& phase : x.workload->phases)
        for (const OpId id : phase.graph.order()) {
          const Operator& op = phase.graph.at(id);
          if (part.device->support(op).level != Support::Level::refused)
            place.put(std::string(nameOf(phase.kind)) + "/" + op.name,
                      ConfigNode::ofScalar(part.name));
        }
      std::map<std::pair<std::string, std::string>, Cost> rows;
      for (const OperatorResult& row : with(place, context).operators)
        if (row.device == part.name) rows[{row.phase, row.name}] = {row.attributedS, row.energyJ};
      for (Layer& layer : layers)
        if (const auto row = rows.find({layer.phase, layer.name}); row != rows.end())
          layer.at[p] = row->second;
    }
    return layers;
  }

  std::vector<std::size_t> bestPlaces(const Experiment& x,
                                      const std::vector<ComponentIndex>& places,
                                      const std::vector<Layer>& layers, double perJoule) const {
    const bool hosted = x.platform->host.device != nullptr;
    const Copies copies(*x.platform);
    GraphCosts costs;
    for (const Phase& phase : x.workload->phases) {
      std::map<OpId, std::size_t> position;
      for (const OpId id : phase.graph.order()) {
        const std::size_t at = position[id] = costs.run.size();
        const Operator& op = phase.graph.at(id);
        const auto producers = phase.graph.producers(id);
        const bool last = phase.graph.consumers(id).empty();
        std::vector<double>& run = costs.run.emplace_back();
        for (std::size_t p = 0; p < places.size(); ++p) {
          run.push_back(weigh(layers[at].at[p], perJoule));
          if (!hosted || !std::isfinite(run.back())) continue;
          const OpCost cost = costOf(op);
          if (producers.empty())
            run.back() += weigh(copies.pass(cost.input, onHost, places[p], phase.repeat), perJoule);
          if (last)
            run.back() +=
                weigh(copies.pass(cost.output, places[p], onHost, phase.repeat), perJoule);
        }
        for (const OpId producer : producers) {
          const Operator& from = phase.graph.at(producer);
          GraphCosts::Edge edge{position[producer], at, {}};
          for (const ComponentIndex a : places) {
            std::vector<double>& row = edge.pass.emplace_back();
            for (const ComponentIndex b : places)
              row.push_back(weigh(copies.pass(costOf(from).output, a, b,
                                              std::max(op.count, from.count) * phase.repeat),
                                  perJoule));
          }
          costs.edges.push_back(std::move(edge));
        }
      }
    }
    return bestGraphMapping(costs);
  }

  void priceCopies(const Experiment& x, const std::vector<ComponentIndex>& places,
                   std::vector<Layer>& layers) const {
    const Copies copies(*x.platform);
    std::size_t at = 0;
    for (const Phase& phase : x.workload->phases)
      for (const OpId id : phase.graph.order()) {
        Layer& layer = layers[at++];
        const std::size_t other = nextBest(layer);
        const Operator& op = phase.graph.at(id);
        layer.copy = copies.pass(costOf(op).input, places[other], places[layer.place],
                                 op.count * phase.repeat);
      }
  }

  static std::size_t nextBest(const Layer& layer) {
    std::size_t best = layer.place == 0 ? 1 : 0;
    for (std::size_t p = 0; p < layer.at.size(); ++p)
      if (p != layer.place && layer.at[p].timeS < layer.at[best].timeS) best = p;
    return best;
  }

  void print(const std::vector<Layer>& layers, const RunResult& before, const RunResult& after,
             const ConfigNode& mapping, const std::vector<std::string>& names) const {
    const auto finite = [](double v) { return std::isfinite(v) ? Json(v) : Json(nullptr); };
    if (json) {
      Json out{{"schema", resultSchema},
               {"platform", before.platform},
               {"workload", before.workload},
               {"objective", objective},
               {"layers", Json::array()}};
      for (const Layer& l : layers) {
        Json row{{"phase", l.phase},         {"name", l.name},
                 {"kind", l.kind},           {"winner", names[l.place]},
                 {"time_s", Json::object()}, {"energy_j", Json::object()},
                 {"copy_s", l.copy.timeS}};
        for (std::size_t p = 0; p < names.size(); ++p) {
          row["time_s"][names[p]] = finite(l.at[p].timeS);
          row["energy_j"][names[p]] = finite(l.at[p].energyJ);
        }
        out["layers"].push_back(std::move(row));
      }
      out["before"] = {{"time_s", before.timeS}, {"energy_j", before.energyJ}};
      out["after"] = {{"time_s", after.timeS}, {"energy_j", after.energyJ}};
      out["mapping"] = Json::object();
      for (const auto& [what, where] : mapping.entries()) out["mapping"][what] = where.scalar();
      fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
      return;
    }
    const auto text = [](double s) { return std::isfinite(s) ? format(Seconds(s)) : "refused"; };
    fmt::print("{:<10} {:<22}", "Phase", "Layer");
    for (const std::string& name : names) fmt::print(" {:>12}", name);
    fmt::print(" {:>12}  {:<8} {}\n", "copy", "runs on", "because");
    for (const Layer& l : layers) {
      const double mine = l.at[l.place].timeS, other = l.at[nextBest(l)].timeS;
      const std::string why = !std::isfinite(other) ? "the other refuses it"
                              : mine <= other
                                  ? fmt::format("{:.3g} times faster there", other / mine)
                                  : "copies would cost more";
      fmt::print("{:<10} {:<22}", l.phase, l.name);
      for (const Cost& cost : l.at) fmt::print(" {:>12}", text(cost.timeS));
      fmt::print(" {:>12}  {:<8} {}\n", text(l.copy.timeS), names[l.place], why);
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
  CLI::App* sub = app.add_subcommand(
      "offload", "Find which layers the host or other groups should take, copies included");
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
