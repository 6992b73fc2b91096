#include "models/experiment.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace wattlas {
namespace {

constexpr std::array platformKeys = {"id",        "title",       "device",           "host",
                                     "link",      "hostShare",   "residency",        "weightLoad",
                                     "pue",       "powerWindow", "supplyEfficiency", "hostOps"};

bool isPlatformKey(const std::string& head) {
  return std::find(platformKeys.begin(), platformKeys.end(), head) != platformKeys.end();
}

/// A merged configuration given as platform brings its own workload and run sections.
void adoptSections(const std::string& reference, const SearchPath& path, ConfigNode& workload,
                   ConfigNode& run) {
  if (!reference.ends_with(".yaml") && !reference.ends_with(".yml")) return;
  const ConfigNode tree = loadConfig(reference, path);
  const ConfigNode* platform = tree.find("platform");
  if (platform == nullptr || !platform->isMap()) return;
  if (const ConfigNode* w = tree.find("workload")) workload = *w;
  if (const ConfigNode* r = tree.find("run")) run = *r;
}

}  // namespace

Experiment makeExperiment(const ExperimentSpec& spec, const Registry& registry,
                          const SearchPath& path) {
  ConfigNode platformOver = ConfigNode::ofMap(), workload = ConfigNode::ofMap(),
             run = ConfigNode::ofMap();
  adoptSections(spec.platform, path, workload, run);
  if (!spec.workload.empty()) workload = ConfigNode::ofMap();
  for (const auto& [key, value] : spec.sets) {
    const std::string head = key.substr(0, key.find('.'));
    const bool nested = head.size() < key.size();
    if (head == "workload" && nested)
      workload.set(key.substr(9), value);
    else if (head == "run" && nested)
      run.set(key.substr(4), value);
    else if (isPlatformKey(head))
      platformOver.set(key, value);
    else
      platformOver.set("device." + key, value);
  }

  Experiment experiment;
  Problems problems;
  const auto collect = [&](auto&& build) {
    try {
      build();
    } catch (const InputError& error) {
      for (const Problem& problem : error.problems()) problems.add(problem);
    }
  };
  ConfigNode runComplete;
  collect([&] {
    experiment.platform = makePlatform(spec.platform, platformOver, registry, path);
  });
  collect([&] {
    // A merged configuration describes its workload completely, under its id.
    const ConfigNode* id = workload.find("id");
    const std::string name = id != nullptr ? id->scalar() : "";
    workload.erase("id");
    if (spec.workload.empty() && name.empty())
      throw InputError(Problem{{"--workload", 0}, {}, "missing",
                               "a workload id (`wattlas workloads` lists them)", {}});
    experiment.workload = spec.workload.empty()
                              ? buildWorkload(name, workload, ConfigNode::ofMap())
                              : makeWorkload(spec.workload, workload, path);
  });
  runComplete =
      bindConfig(run, "run", problems, [&](Binder& b) { experiment.run.bind(b); }).complete;
  problems.finish();

  experiment.config = ConfigNode::ofMap();
  experiment.config.put("platform", experiment.platform.config.complete);
  ConfigNode described = ConfigNode::ofMap();
  described.put("id", ConfigNode::ofScalar(experiment.workload.id));
  described.merge(experiment.workload.config);
  experiment.config.put("workload", described);
  experiment.config.put("run", runComplete);
  experiment.configHash = experiment.config.hash().hex();
  return experiment;
}

}  // namespace wattlas
