#include <nlohmann/json.hpp>

#include "models/sim/platform_model.h"
#include "models/simulate.h"
#include "validation/probe.h"

namespace wattlas {
namespace {

using Json = nlohmann::json;

void flatten(const Json& node, const std::string& path, std::map<std::string, double>& out) {
  if (node.is_number()) out[path] = node.get<double>();
  if (!node.is_object()) return;
  for (const auto& [key, value] : node.items())
    flatten(value, path.empty() ? key : path + "." + key, out);
}

Answer answerOf(const std::string& json) {
  const Json result = Json::parse(json);
  Answer out;
  if (!result.at("feasible").get<bool>()) {
    const Json& reasons = result.at("reasons");
    out.reason = reasons.empty() ? "infeasible" : reasons.front().get<std::string>();
    return out;
  }
  flatten(result, {}, out.figures);
  double seconds = 0, joules = 0;
  for (const Json& op : result.at("operators"))
    if (op.at("device") == "device" && op.at("kind") != "idle") {
      seconds += op.at("end_s").get<double>() - op.at("start_s").get<double>();
      joules += op.at("energy_j").get<double>();
    }
  out.figures["device_time_s"] = seconds;
  out.figures["device_energy_j"] = joules;
  return out;
}

ExperimentSpec specOf(const Settings& settings) {
  ExperimentSpec spec;
  for (const auto& [name, value] : settings.entries()) {
    if (value.empty()) continue;
    if (name == "platform")
      spec.platform = value;
    else if (name == "workload")
      spec.workload = value;
    else if (name == "prompt" || name == "generate" || name == "batch" || name == "format")
      spec.sets.emplace_back("workload." + name, ConfigNode::ofScalar(value));
    else if (name == "fidelity")
      spec.sets.emplace_back("run.fidelity", ConfigNode::ofScalar(value));
    else if (name.find('.') != std::string::npos)
      spec.sets.push_back(
          parseAssignment((name.starts_with("set:") ? name.substr(4) : name) + "=" + value));
  }
  return spec;
}

}  // namespace

Probe makeRunProbe(const ProbeContext& context) {
  return [context](const std::vector<Settings>& questions) {
    std::vector<Answer> answers;
    ProfileCache cache;
    ExperimentMaker maker(context.registry, context.path);
    for (const Settings& question : questions) {
      try {
        answers.push_back(answerOf(
            toJson(simulate(maker.make(specOf(question)), cache, platformSimulator), true, -1)));
      } catch (const InputError& error) {
        // A platform, workload or key that does not exist yet: the row says so.
        answers.push_back({{}, error.problems().front().text()});
      }
    }
    return answers;
  };
}

}  // namespace wattlas
