#include "cli/common_options.h"

#include <filesystem>
#include <fstream>

#include "cli/context.h"

namespace wattlas {

void CommonOptions::addTo(CLI::App& app) {
  const std::string group = "Workload and model";
  app.add_option("--prompt", prompt, "Prompt tokens (default 128)")->group(group);
  app.add_option("--generate", generate, "Tokens to generate (default 32)")->group(group);
  app.add_option("--batch", batch, "Sequences or images at once (default 1)")->group(group);
  app.add_option("--format", format,
                 "Number format: a name such as int8, or w<bits>a<bits>[kv<bits>][acc<bits>]")
      ->group(group);
  app.add_option("--rate", rate, "Arrivals per second; idle time in between is charged")
      ->group(group);
  app.add_flag("--train", train,
               "One step of training: forward pass, gradients, update (workload.train.*)")
      ->group(group);
  app.add_option("--fidelity", fidelity, "analytic, event or detailed (default event)")
      ->group(group);
  app.add_option("--mapping", mapping, "auto, or a file that maps operator kinds to the host")
      ->group(group);
  app.add_option("--energy", energy, "activity (counted events) or tdp (rated power)")
      ->group(group);
  app.add_option("--scope", scope, "chip, device, node (default) or wall")->group(group);
  app.add_flag("--uncertainty", uncertainty, "Quantiles over the common scenarios")->group(group);
  app.add_option("--seed", seed, "Seed of everything random (default 1)")->group(group);
  repeated(app.add_option("--set", sets, "KEY=VALUE: any parameter, e.g. --set dpu.clock=400MHz")
               ->group(group));
}

std::vector<std::pair<std::string, ConfigNode>> CommonOptions::assignments() const {
  std::vector<std::pair<std::string, ConfigNode>> out;
  const auto add = [&](const char* key, const char* flag, const std::string& value) {
    if (!value.empty()) out.emplace_back(key, ConfigNode::ofScalar(value, {flag, 0}));
  };
  const auto number = [](const std::optional<std::int64_t>& v) {
    return v ? std::to_string(*v) : std::string();
  };
  add("workload.prompt", "--prompt", number(prompt));
  add("workload.generate", "--generate", number(generate));
  add("workload.batch", "--batch", number(batch));
  add("workload.format", "--format", format);
  add("workload.rate", "--rate", rate);
  add("workload.train.step", "--train", train ? "true" : "");
  add("run.fidelity", "--fidelity", fidelity);
  add("run.fidelityForced", "--fidelity", fidelity.empty() ? "" : "true");
  add("run.mapping", "--mapping", mapping);
  add("run.energy", "--energy", energy);
  add("run.scope", "--scope", scope);
  add("run.uncertainty", "--uncertainty", uncertainty ? "true" : "");
  add("run.seed", "--seed", number(seed));
  for (const std::string& text : sets) out.push_back(parseAssignment(text));
  return out;
}

ExperimentSpec CommonOptions::spec(const std::string& platform, const std::string& workload) const {
  return {platform, workload, assignments()};
}

void refuseSameFile(const char* flag, const std::string& file, const std::string& other,
                    const std::string& what) {
  if (file.empty() || other.empty()) return;
  namespace fs = std::filesystem;
  std::error_code error;
  // Names that do not exist yet can only be compared as names.
  const bool same =
      fs::equivalent(file, other, error) ||
      fs::absolute(file, error).lexically_normal() == fs::absolute(other, error).lexically_normal();
  if (same) throw errorAt(flag, file + " is " + what + " and would be lost", "another name");
}

void refusePointTable(const char* flag, const std::string& file) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return;  // a pipe would be waited for
  std::ifstream in(file);
  std::string line;
  if (in && std::getline(in, line) && line.starts_with("point_id,platform,workload,format"))
    throw errorAt(flag,
                  file +
                      " holds design points and would be lost: the numbers of a plot "
                      "are written beside it",
                  "another name");
}

}  // namespace wattlas
