// What a run keeps in the memory of devices and host, and whether it fits. Internal to models/.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/plan.h"
#include "models/workload_facts.h"

namespace wattlas {

/// Adds up what operators keep, in the order in which they run.
class MemoryNeeds {
 public:
  /// Keeps references.
  MemoryNeeds(const Experiment& experiment, const WorkloadFacts& facts);

  /// Most of tier 0 that programs of a region need while they run.
  void workspace(ComponentIndex where, double bytes);
  /// What an operator keeps between programs. True when its parameters are loaded onto the device.
  bool keep(std::size_t phase, OpId op, ComponentIndex where, Bits resident);
  /// Fills the plan; one reason for each component that is too small.
  std::vector<std::string> report(MemoryPlan& plan, bool usesHost) const;

 private:
  struct Need {
    bool used = false;
    double weights = 0, state = 0, workspace = 0;
    double first = 0, last = 0;  ///< weights before and behind the layers of a pipeline
    const std::string* largest = nullptr;
    bool largestIsCache = false;
    double largestBytes = 0;
    std::vector<char> counted;  ///< by OperatorFacts::parameters
  };
  static void remember(Need& need, const Operator& op, bool cache, double bytes);
  Need& needOf(ComponentIndex where);
  void report(const Need& need, const Device& target, const std::string& component,
              MemoryPlan& plan, std::vector<std::string>& reasons) const;

  const Platform& platform_;
  const Workload& workload_;
  const WorkloadFacts& facts_;
  const bool resident_;
  std::vector<Need> needs_;  ///< by ComponentIndex
};

/// Bits that an operator keeps on a component between programs.
using ResidentBits =
    std::function<Bits(const Operator&, const OperatorFacts&, ComponentIndex where)>;
/// Where an operator keeps its state, which may be elsewhere than where it runs.
using KeptAt = std::function<ComponentIndex(std::size_t phase, OpId op)>;

/// Fills plan.memory and plan.weightLoads; calls `refuse` for each component that is too small.
void planMemory(const Experiment& experiment, const WorkloadFacts& facts,
                const ResidentBits& residentBits, const KeptAt& keptAt, Plan& plan,
                const std::function<void(const std::string&)>& refuse);

/// Most of tier 0 that any program of a region needs while it runs.
double workspaceBytes(const PlannedRegion& region);

}  // namespace wattlas
