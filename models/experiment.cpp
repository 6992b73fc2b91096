#include "models/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "models/decode_steps.h"
#include "models/shard.h"
#include "models/task_file.h"
#include "models/workload_facts.h"
#include "workloads/graph/foreign.h"

namespace wattlas {
namespace {

constexpr std::array platformKeys = {"id",        "title",       "device",           "host",
                                     "groups",    "links",       "hostThreads",      "mapping",
                                     "link",      "hostShare",   "residency",        "weightLoad",
                                     "pue",       "powerWindow", "supplyEfficiency", "hostOps",
                                     "deviceOps", "powerDomains"};

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
  const ResolvedConfig bound =
      bindConfig(loadConfig(file, path), "mapping", problems, [&](Binder& b) {
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

}  // namespace

Experiment makeExperiment(const ExperimentSpec& spec, const Registry& registry,
                          const SearchPath& path) {
  return ExperimentMaker(registry, path).make(spec);
}

Section sectionOf(const std::string& key) {
  const std::string head = key.substr(0, key.find('.'));
  const bool nested = head.size() < key.size();
  if (nested && head == "workload") return Section::workload;
  if (nested && head == "run") return Section::run;
  return Section::platform;
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
    switch (sectionOf(key)) {
      case Section::workload:
        sections.workload.set(key.substr(9), value);
        break;
      case Section::run:
        sections.run.set(key.substr(4), value);
        break;
      case Section::platform:
        sections.platform.set(isPlatformKey(key.substr(0, key.find('.'))) ? key : "device." + key,
                              value);
    }
  }
  const ConfigNode* mapping = sections.run.find("mapping");
  if (mapping != nullptr && mapping->isScalar() && mapping->scalar() != "auto")
    applyMapping(mapping->scalar(), path_, sections.platform);
  return sections;
}

const PlatformDescription& ExperimentMaker::readPlatform(const std::string& reference) {
  const auto known = platformFiles_.find(reference);
  if (known != platformFiles_.end()) return known->second;
  return platformFiles_.emplace(reference, loadPlatform(reference, path_)).first->second;
}

const ConfigNode& ExperimentMaker::readWorkload(const std::string& reference) {
  const auto known = workloadFiles_.find(reference);
  if (known != workloadFiles_.end()) return known->second;
  return workloadFiles_.emplace(reference, loadWorkload(reference, path_)).first->second;
}

BuiltPlatform ExperimentMaker::platform(const std::string& reference, const ConfigNode& overrides) {
  const Hash128 key = Hasher().text(reference).add(overrides.hash()).finish();
  if (const auto found = platforms_.find(key); found != platforms_.end()) return found->second;
  BuiltPlatform built;
  built.platform = std::make_shared<const Platform>(
      buildPlatform(readPlatform(reference), overrides, registry_));
  built.hash = built.platform->hash;
  // Studies sweep one group of design parameters at a time: starting over now and then is enough.
  if (platforms_.size() >= mostKept) platforms_.clear();
  return platforms_.emplace(key, std::move(built)).first->second;
}

namespace {

/// The workload section of a merged configuration: rebuilds the workload under its id.
ConfigNode sectionOf(const Workload& workload) {
  ConfigNode section = ConfigNode::ofMap();
  section.put("id", ConfigNode::ofScalar(workload.id));
  section.merge(workload.config);
  return section;
}

}  // namespace

BuiltWorkload ExperimentMaker::workload(const std::string& reference, const ConfigNode& given) {
  const Hash128 key = Hasher().text(reference).add(given.hash()).finish();
  if (const auto found = workloads_.find(key); found != workloads_.end()) return found->second;
  ConfigNode options = given;
  BuiltWorkload built;
  ConfigNode description = reference.empty() ? options : readWorkload(reference);
  if (holdsTasks(description)) {
    description.merge(options);
    Workload tasks;
    tasks.id = tasks.family = "tasks";
    if (const ConfigNode* id = description.find("id")) tasks.id = id->scalar();
    if (!reference.empty()) tasks.id = workloadName(reference);
    description.erase("id");
    built.tasks = readTasks(description);
    tasks.title = built.tasks->title;
    tasks.config = built.tasks->config;
    built.workload = std::make_shared<const Workload>(std::move(tasks));
  } else if (reference.empty()) {
    // A merged configuration describes its workload completely, under its id.
    const ConfigNode* id = options.find("id");
    const std::string name = id != nullptr ? id->scalar() : "";
    options.erase("id");
    if (name.empty())
      throw InputError({"--workload", 0}, {}, "missing",
                       "a workload id (`wattlas workloads` lists them)");
    built.workload =
        std::make_shared<const Workload>(buildWorkload(name, options, ConfigNode::ofMap()));
  } else {
    options.erase("id");
    built.workload = std::make_shared<const Workload>(
        buildWorkload(workloadName(reference), readWorkload(reference), options, workloadMemory_));
  }
  built.facts = factsOf(*built.workload);
  built.config = std::make_shared<const ConfigNode>(sectionOf(*built.workload));
  built.hash = built.config->hash();
  if (workloads_.size() >= mostWorkloads_) workloads_.clear();
  return workloads_.emplace(key, std::move(built)).first->second;
}

BuiltRun ExperimentMaker::run(const ConfigNode& section) {
  const Hash128 key = section.hash();
  if (const auto found = runs_.find(key); found != runs_.end()) return found->second;
  BuiltRun built;
  Problems problems;
  built.config =
      bindConfig(section, "run", problems, [&](Binder& b) { built.options.bind(b); }).complete;
  problems.finish();
  built.config.put("mapping", ConfigNode::ofScalar("auto"));  // a file is in the platform now
  built.hash = built.config.hash();
  if (runs_.size() >= mostKept) runs_.clear();
  return runs_.emplace(key, std::move(built)).first->second;
}

Experiment ExperimentMaker::assemble(const BuiltPlatform& platform, const BuiltWorkload& workload,
                                     const BuiltRun& run) {
  Experiment experiment{platform.platform, workload.workload, run.options, workload.config,
                        run.config,
                        // By section, so that the large ones are hashed once for many experiments.
                        Hasher().add(platform.hash).add(workload.hash).add(run.hash).finish().hex(),
                        workload.facts, workload.tasks};
  // The result keeps what was asked for; a device may run fewer steps of it.
  const std::int64_t wanted = workload.workload->options.generate;
  const auto* counts =
      dynamic_cast<const CountsDecodeSteps*>(platform.platform->device.device.get());
  if (counts != nullptr && workload.workload->hasDecode() &&
      counts->decodeSteps(wanted) != wanted) {
    ConfigNode fewer = *workload.config;
    fewer.set("generate", ConfigNode::ofScalar(std::to_string(counts->decodeSteps(wanted))));
    const BuiltWorkload shorter = this->workload({}, fewer);
    experiment.workload = shorter.workload;
    experiment.facts = shorter.facts;
  }
  if (!experiment.tasks) share(experiment);
  return experiment;
}

/// Gives the experiment the part of its network that one member runs. The configuration stays that
/// of the whole network.
void ExperimentMaker::share(Experiment& experiment) {
  const Platform& p = *experiment.platform;
  const Mapping& m = p.mapping;
  const std::int64_t members = p.groups.front().count;
  const ConfigNode* said = &p.config.complete;
  for (const char* key : {"mapping", "shard"})
    if (const ConfigNode* next = said->find(key); next != nullptr && !next->place().file.empty())
      said = next;
  const auto refuse = [&](const char* key, std::string what, std::string instead) {
    throw InputError(said->place(), key, std::move(what), std::move(instead));
  };
  const auto cut = [&](const char* key, auto&& shard) {
    try {
      experiment.workload = std::make_shared<const Workload>(shard(*experiment.workload));
    } catch (const InputError& error) {
      const Problem& problem = error.problems().front();
      refuse(key, problem.what, problem.expected);
    }
  };
  if (m.tensor * m.expert * m.pipeline * m.data != members)
    refuse(
        "mapping.shard",
        fmt::format("{} members of {} share the network, but tensor x expert x pipeline x data "
                    "is {} x {} x {} x {}",
                    members, p.groups.front().device.name, m.tensor, m.expert, m.pipeline, m.data),
        fmt::format("mapping.shard.tensor of {}, or factors whose product is {}", members,
                    members));
  if (m.tensor > 1 && p.device.device->info().activationsOnHost)
    refuse("mapping.shard.tensor",
           p.device.device->info().kind + " returns all results to the host, which joins no slices",
           "one device of more ranks, or mapping.shard.data");
  if (m.microBatches > 1 && m.pipeline < 2 && !m.overlapped)
    refuse("mapping.microBatches", "parts of a batch one after the other gain nothing",
           "mapping.schedule: overlapped, or mapping.shard.pipeline of 2 or more");
  if (experiment.workload->options.train.step &&
      m.tensor * m.expert * m.pipeline * m.microBatches > 1)
    refuse("mapping.shard", "a step of training is cut by data only",
           "mapping.shard.data, and workload.train.micro_batches");
  const std::int64_t parts = m.data * m.microBatches, batch = experiment.workload->options.batch;
  if (parts > 1) {
    if (batch % parts != 0)
      refuse("workload.batch",
             fmt::format("a batch of {} does not divide into {} parts", batch, parts),
             fmt::format("workload.batch of {}", (batch / parts + 1) * parts));
    ConfigNode part = sectionOf(*experiment.workload);
    part.set("batch", ConfigNode::ofScalar(std::to_string(batch / parts)));
    if (experiment.workload->options.train.step)
      part.set("train.replicas", ConfigNode::ofScalar(std::to_string(m.data)));
    auto smaller = std::make_shared<Workload>(*workload({}, part).workload);
    smaller->options.batch = batch;
    for (Phase& phase : smaller->phases) phase.tokens *= parts;
    experiment.workload = std::move(smaller);
  }
  if (m.tensor > 1)
    cut("mapping.shard.tensor", [&](const Workload& w) { return tensorShard(w, m.tensor); });
  if (m.expert > 1)
    cut("mapping.shard.expert", [&](const Workload& w) { return expertShard(w, m.expert); });
  if (parts * m.tensor * m.expert > 1) experiment.facts = factsOf(*experiment.workload);
}

ExperimentMaker::Parts ExperimentMaker::build(const ExperimentSpec& spec) {
  const Sections sections = sectionsOf(spec);
  Problems problems;
  const auto collect = [&](auto&& build) {
    try {
      build();
    } catch (const InputError& error) {
      for (const Problem& problem : error.problems()) problems.add(problem);
    }
  };
  Parts parts;
  collect([&] { parts.platform = platform(spec.platform, sections.platform); });
  collect([&] { parts.workload = workload(spec.workload, sections.workload); });
  collect([&] { parts.run = run(sections.run); });
  problems.finish();
  return parts;
}

Experiment ExperimentMaker::make(const ExperimentSpec& spec) {
  const Parts parts = build(spec);
  return assemble(parts.platform, parts.workload, parts.run);
}

ConfigNode Experiment::config() const {
  ConfigNode out = ConfigNode::ofMap();
  out.put("platform", platform->config.complete);
  out.put("workload", *workloadConfig);
  out.put("run", runConfig);
  return out;
}

}  // namespace wattlas
