// An experiment: which platform runs which workload, and how. Built from ids, paths and `--set`
// assignments; its merged configuration reproduces the result.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "models/base/parameter.h"
#include "models/registry.h"
#include "models/result.h"
#include "workloads/graph/workload.h"

namespace wattlas {

/// What runs where, and how work is split: data that files, mappers and searches fill in.
struct Mapping {
  /// Operator kind or name (`*` for any text), `PHASE/` before it where only one phase is meant ->
  /// group, `host`, or `best`, which takes the fastest; later entries win.
  std::vector<std::pair<std::string, std::string>> place;
  /// Members of the first group that share one network: how it is cut.
  std::int64_t tensor = 1, pipeline = 1, data = 1, expert = 1;
  std::int64_t microBatches = 1;  ///< of a pipeline
  /// Work waits for its inputs and its device only; weights that are streamed come while the
  /// operator before them runs.
  bool overlapped = false;
  void bind(Binder& binder);
};

struct WorkloadFacts;
struct TaskFile;

enum class Coupling { replayed, live };
enum class EnergyMode { activity, tdp };

/// How programs are run (the `run` section of a merged configuration).
struct RunOptions {
  Fidelity fidelity = Fidelity::event;
  bool fidelityForced = false;  ///< given by the user: a component that lacks it is an error
  Coupling coupling = Coupling::replayed;
  EnergyMode energyMode = EnergyMode::activity;
  Scope scope = Scope::node;
  std::string mapping = "auto";  ///< or a file with `host:` and `accelerator:` operator kinds
  bool uncertainty = false;
  std::uint64_t seed = 1;
  std::int64_t eventBudget = 500000000;  ///< events before a point is infeasible ("budget")
  void bind(Binder& binder);
};

/// What the command line or a study gives; everything else comes from files.
struct ExperimentSpec {
  std::string platform;  ///< id or path of a platform file, or of a merged configuration
  std::string workload;  ///< id, path or micro workload
  /// KEY=VALUE in order; keys: `workload.*`, `run.*`, a platform key (`device.*`, `link.*`, ...),
  /// or a key below `device` ("dpu.clock"). A later one wins; an unknown one is an error.
  std::vector<std::pair<std::string, ConfigNode>> sets;
};

/// Link between host and device.
struct LinkConfig {
  std::string name = "host link";
  Sourced<BitRate> rate;
  Sourced<Seconds> latency;
  std::string sharing = "fair";  ///< fair, fifo, priority, exclusive
  Sourced<JoulesPerBit> energyPerBit;
  void bind(Binder& binder);
};

/// One device of a platform under its name in results.
struct Component {
  std::string name;  ///< "device", "host"
  std::shared_ptr<const Device> device;
  Hash128 hash;  ///< Device::hash(), which walks the whole configuration
};

/// Equal devices of a platform.
struct DeviceGroup {
  Component device;  ///< the prototype, under the group's name
  std::int64_t count = 1;
  bool fold = true;  ///< members that do the same are simulated once
};

/// A link among members of groups and the host.
struct PlatformLink {
  LinkConfig config;
  std::string topology = "bus";    ///< bus, point-to-point, switch, ring, mesh, tree
  std::vector<std::string> joins;  ///< names of groups, or `host`
  std::int64_t columns = 0;        ///< mesh: members of a row
  std::int64_t radix = 2;          ///< tree: branches of a switch
};

/// Groups and host that share a power limit: what runs there slows down together.
struct PowerDomain {
  std::string name;
  std::vector<std::string> members;  ///< names of groups, or `host`
  Sourced<Watts> cap;                ///< idle power included
  Watts idle;                        ///< what its members draw when nothing runs
};

/// A platform read from its file: groups of devices, host, links and how they are fed.
struct Platform {
  std::string id, title;
  Component device, host;           ///< the first group; host.device is null when there is no other
  LinkConfig link;                  ///< between host and device
  CoefficientId linkBit = 0;        ///< of that link, in `linkEnergy`
  std::vector<DeviceGroup> groups;  ///< the first is `device`
  std::vector<PlatformLink> links;  ///< the first is `link` where there is a host
  std::vector<PowerDomain> domains;
  std::int64_t hostThreads = 1;
  Mapping mapping;
  double hostShare = 1.0;   ///< share of the host's idle power charged to this node
  std::string residency;    ///< resident or streamed
  bool weightLoad = false;  ///< charge loading the weights once
  Sourced<Seconds> powerWindow;
  Sourced<Ratio> supplyEfficiency, pue;
  std::vector<std::string> hostOps;    ///< operator kinds that are mapped to the host
  std::vector<std::string> deviceOps;  ///< operator kinds that never fall back to the host
  EnergyTable linkEnergy;              ///< a bit over each link, in their order
  ResolvedConfig config;               ///< of the whole file, device and host included
  Hash128 hash;                        ///< of the complete configuration
};

/// Immutable parts are shared: thousands of points of a sweep differ in one of them only.
struct Experiment {
  std::shared_ptr<const Platform> platform;
  std::shared_ptr<const Workload> workload;
  RunOptions run;
  std::shared_ptr<const ConfigNode> workloadConfig;  ///< as asked for, with defaults filled in
  ConfigNode runConfig;                              ///< `run` with defaults filled in
  std::string configHash;
  std::shared_ptr<const WorkloadFacts> facts;  ///< of `workload`; null = computed when needed
  std::shared_ptr<const TaskFile> tasks;       ///< a workload of tasks instead of operators

  /// Sections platform, workload, run: reproduces the result. Put together at each call.
  ConfigNode config() const;
};

/// Reads, merges and checks everything before any model is built.
/// Throws InputError with all problems.
Experiment makeExperiment(const ExperimentSpec& spec, const Registry& registry,
                          const SearchPath& path);

/// A platform file as it was read.
struct PlatformDescription {
  std::string id;
  ConfigNode tree;  ///< with its `from:` parts
};

/// The section that a key of a spec belongs to.
enum class Section { platform, workload, run };
Section sectionOf(const std::string& key);

/// Parts of experiments, each with the hash of its complete configuration.
struct BuiltPlatform {
  std::shared_ptr<const Platform> platform;
  Hash128 hash;
};
struct BuiltWorkload {
  std::shared_ptr<const Workload> workload;
  std::shared_ptr<const TaskFile> tasks;
  std::shared_ptr<const WorkloadFacts> facts;
  std::shared_ptr<const ConfigNode> config;  ///< the `workload` section
  Hash128 hash;
};
struct BuiltRun {
  RunOptions options;
  ConfigNode config;
  Hash128 hash;
};

/// Makes many experiments: files are read once, platforms and workloads that were built before are
/// reused. Gives exactly what makeExperiment gives. Keeps references to its arguments.
class ExperimentMaker {
 public:
  ExperimentMaker(const Registry& registry, const SearchPath& path)
      : registry_(registry), path_(path) {}
  /// Reads a file before it is needed. Throw InputError as `make` would.
  const PlatformDescription& readPlatform(const std::string& reference);
  const ConfigNode& readWorkload(const std::string& reference);
  /// How many workloads are remembered. A caller that remembers them itself needs few here.
  void keepWorkloads(std::size_t most) { mostWorkloads_ = most; }
  /// Throws InputError with all problems.
  Experiment make(const ExperimentSpec& spec);

  /// The two halves of `make`, for callers that know which parts of many specs are equal.
  struct Parts {
    BuiltPlatform platform;
    BuiltWorkload workload;
    BuiltRun run;
  };
  Parts build(const ExperimentSpec& spec);
  Experiment assemble(const BuiltPlatform& platform, const BuiltWorkload& workload,
                      const BuiltRun& run);

 private:
  static constexpr std::size_t mostKept = 4096;

  struct Sections;
  Sections sectionsOf(const ExperimentSpec& spec);
  BuiltPlatform platform(const std::string& reference, const ConfigNode& overrides);
  BuiltWorkload workload(const std::string& reference, const ConfigNode& options);
  BuiltRun run(const ConfigNode& section);
  void share(Experiment& experiment);

  const Registry& registry_;
  const SearchPath& path_;
  std::map<std::string, PlatformDescription> platformFiles_;
  std::size_t mostWorkloads_ = mostKept;
  std::map<std::string, ConfigNode> workloadFiles_;
  WorkloadMemory workloadMemory_;
  std::unordered_map<Hash128, BuiltPlatform, Hash128Hasher> platforms_;
  std::unordered_map<Hash128, BuiltWorkload, Hash128Hasher> workloads_;
  std::unordered_map<Hash128, BuiltRun, Hash128Hasher> runs_;
};

/// Platform from an id or file; used by makeExperiment and lists.
Platform makePlatform(const std::string& reference, const ConfigNode& overrides,
                      const Registry& registry, const SearchPath& path);
/// The two halves of makePlatform, for callers that build many variants of one description.
PlatformDescription loadPlatform(const std::string& reference, const SearchPath& path);
Platform buildPlatform(const PlatformDescription& description, const ConfigNode& overrides,
                       const Registry& registry);
/// Schema of a platform file.
std::string platformSchema();

}  // namespace wattlas
