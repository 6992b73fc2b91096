#include "models/experiment.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "models/decode_steps.h"

namespace wattlas {
namespace {

constexpr std::array platformKeys = {"id",       "title",       "device",           "host",
                                     "link",     "hostShare",   "residency",        "weightLoad",
                                     "pue",      "powerWindow", "supplyEfficiency", "hostOps",
                                     "deviceOps"};

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

/// Reads a mapping file: `host:` and `accelerator:` list operator kinds. Its content goes into the
/// platform's own keys, so that a merged configuration needs no file.
void applyMapping(const std::string& file, const SearchPath& path, ConfigNode& platform) {
  Problems problems;
  std::vector<std::string> host, accelerator;
  const BoundConfig bound = bindConfig(loadConfig(file, path), "mapping", problems, [&](Binder& b) {
    b.texts("host", host, "operator kinds that run on the host");
    b.texts("accelerator", accelerator, "operator kinds that must run on the accelerator");
  });
  problems.finish();
  for (const auto& [from, to] : {std::pair{"host", "hostOps"}, {"accelerator", "deviceOps"}})
    if (const ConfigNode* list = bound.complete.find(from))
      platform.put(to, *list);
    else
      platform.put(to, ConfigNode::ofList({}));
}

/// Id of a workload that is given as id, file or micro workload.
std::string workloadId(const std::string& reference) {
  const bool isFile = reference.ends_with(".yaml") || reference.ends_with(".yml") ||
                      reference.find('/') != std::string::npos;
  return isFile ? std::filesystem::path(reference).stem().string() : reference;
}

}  // namespace

Experiment makeExperiment(const ExperimentSpec& spec, const Registry& registry,
                          const SearchPath& path) {
  return ExperimentMaker(registry, path).make(spec);
}

/// What the assignments of a spec change, by section.
struct ExperimentMaker::Sections {
  ConfigNode platform = ConfigNode::ofMap(), workload = ConfigNode::ofMap(),
             run = ConfigNode::ofMap();
};

ExperimentMaker::Sections ExperimentMaker::sectionsOf(const ExperimentSpec& spec) {
  Sections sections;
  adoptSections(spec.platform, path_, sections.workload, sections.run);
  if (!spec.workload.empty()) sections.workload = ConfigNode::ofMap();
  for (const auto& [key, value] : spec.sets) {
    const std::string head = key.substr(0, key.find('.'));
    const bool nested = head.size() < key.size();
    if (head == "workload" && nested)
      sections.workload.set(key.substr(9), value);
    else if (head == "run" && nested)
      sections.run.set(key.substr(4), value);
    else if (isPlatformKey(head))
      sections.platform.set(key, value);
    else
      sections.platform.set("device." + key, value);
  }
  const ConfigNode* mapping = sections.run.find("mapping");
  if (mapping != nullptr && mapping->isScalar() && mapping->scalar() != "auto")
    applyMapping(mapping->scalar(), path_, sections.platform);
  return sections;
}

const ExperimentMaker::BuiltPlatform& ExperimentMaker::platformFor(const std::string& reference,
                                                                   const ConfigNode& overrides) {
  const Hash128 key = Hasher().text(reference).add(overrides.hash()).finish();
  if (const auto found = platforms_.find(key); found != platforms_.end()) return found->second;
  auto description = platformFiles_.find(reference);
  if (description == platformFiles_.end())
    description = platformFiles_.emplace(reference, loadPlatform(reference, path_)).first;
  BuiltPlatform built{buildPlatform(description->second, overrides, registry_), {}};
  built.hash = built.platform.config.complete.hash();
  // Studies sweep one group of genes at a time: starting over now and then is enough.
  if (platforms_.size() >= mostKept) platforms_.clear();
  return platforms_.emplace(key, std::move(built)).first->second;
}

const ExperimentMaker::BuiltWorkload& ExperimentMaker::workloadFor(const std::string& reference,
                                                                   ConfigNode options) {
  const Hash128 key = Hasher().text(reference).add(options.hash()).finish();
  if (const auto found = workloads_.find(key); found != workloads_.end()) return found->second;
  BuiltWorkload built;
  if (reference.empty()) {
    // A merged configuration describes its workload completely, under its id.
    const ConfigNode* id = options.find("id");
    const std::string name = id != nullptr ? id->scalar() : "";
    options.erase("id");
    if (name.empty())
      throw InputError(Problem{
          {"--workload", 0}, {}, "missing", "a workload id (`wattlas workloads` lists them)", {}});
    built.workload = buildWorkload(name, options, ConfigNode::ofMap());
  } else {
    options.erase("id");
    auto description = workloadFiles_.find(reference);
    if (description == workloadFiles_.end())
      description = workloadFiles_.emplace(reference, loadWorkload(reference, path_)).first;
    built.workload = buildWorkload(workloadId(reference), description->second, options);
  }
  built.config = ConfigNode::ofMap();
  built.config.put("id", ConfigNode::ofScalar(built.workload.id));
  built.config.merge(built.workload.config);
  built.hash = built.config.hash();
  if (workloads_.size() >= mostKept) workloads_.clear();
  return workloads_.emplace(key, std::move(built)).first->second;
}

Experiment ExperimentMaker::make(const ExperimentSpec& spec) {
  const Sections sections = sectionsOf(spec);
  Problems problems;
  const auto collect = [&](auto&& build) {
    try {
      build();
    } catch (const InputError& error) {
      for (const Problem& problem : error.problems()) problems.add(problem);
    }
  };
  const BuiltPlatform* platform = nullptr;
  const BuiltWorkload* workload = nullptr;
  collect([&] { platform = &platformFor(spec.platform, sections.platform); });
  collect([&] { workload = &workloadFor(spec.workload, sections.workload); });
  Experiment experiment;
  ConfigNode run = bindConfig(sections.run, "run", problems, [&](Binder& b) {
                     experiment.run.bind(b);
                   }).complete;
  problems.finish();
  run.put("mapping", ConfigNode::ofScalar("auto"));  // a file's content is in the platform now

  experiment.platform = platform->platform;
  experiment.workload = workload->workload;
  experiment.config = ConfigNode::ofMap();
  experiment.config.put("platform", platform->platform.config.complete);
  experiment.config.put("workload", workload->config);
  experiment.config.put("run", run);
  // By section, so that the large ones are hashed once for many experiments.
  experiment.configHash =
      Hasher().add(platform->hash).add(workload->hash).add(run.hash()).finish().hex();
  // The result keeps what was asked for; a device may run fewer steps of it.
  const Device& device = *experiment.platform.device.device;
  const std::int64_t wanted = experiment.workload.options.generate;
  const auto* counts = dynamic_cast<const CountsDecodeSteps*>(&device);
  if (counts != nullptr && experiment.workload.hasDecode() &&
      counts->decodeSteps(wanted) != wanted) {
    ConfigNode fewer = workload->config;
    fewer.set("generate", ConfigNode::ofScalar(std::to_string(counts->decodeSteps(wanted))));
    experiment.workload = workloadFor({}, std::move(fewer)).workload;
  }
  return experiment;
}

}  // namespace wattlas
