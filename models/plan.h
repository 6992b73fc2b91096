// What runs where: operators mapped to components, lowered to programs, with the copies between
// host and device. Internal to models/.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/experiment.h"
#include "models/profile_cache.h"
#include "models/workload_facts.h"

namespace wattlas {

inline double ps(Ticks t) {
  return static_cast<double>(t.ps);
}

/// Decode steps whose lowered programs are equal.
struct StepGroup {
  std::shared_ptr<const Program> program;
  Hash128 hash;  ///< of the program
  std::int64_t firstStep = 0;
  std::int64_t steps = 1;
};

/// Traffic between host and devices that one instance of a region causes.
struct PlannedCopy {
  CopyRequest request;
  std::int64_t perStep = 1;  ///< copies in one step
  enum class Why { weights, input, result, fromHost, toHost, passed, cache, stage };
  Why why = Why::weights;
  OpId op = 0;  ///< whose weights, input, result
  ComponentIndex from = onHost, to = onDevice;
};

struct PlannedRegion {
  std::vector<OpId> ops;
  bool onHost = false;
  std::size_t group = 0;   ///< where it runs when not on the host
  bool exchange = false;   ///< a collective of the group's members, over their link
  std::int64_t count = 1;  ///< programs in one step
  std::vector<StepGroup> groups;
  std::vector<PlannedCopy> copies;
  void copy(CopyRequest request, std::int64_t perStep, PlannedCopy::Why why, OpId op,
            ComponentIndex from, ComponentIndex to) {
    copies.push_back({request, perStep, why, op, from, to});
  }
  ComponentIndex component() const { return onHost ? ComponentIndex::onHost : componentOf(group); }
};

struct PlannedPhase {
  std::size_t index = 0;  ///< into Workload::phases
  std::vector<PlannedRegion> regions;
};

struct MemoryPlan {
  std::vector<TierResult> tiers;  ///< device tiers, then the host's when it holds anything
  double weightsBytes = 0, peakBytes = 0, capacityBytes = 0;
};

struct Plan {
  std::vector<PlannedPhase> phases;
  MemoryPlan memory;
  std::vector<std::string> reasons;  ///< why it cannot run; empty = feasible
  std::vector<Assumption> assumptions;
  bool usesHost = false;
  std::vector<PlannedCopy> weightLoads;
};

/// Copy that brings parameters onto the device once.
CopyRequest loadOf(Bits resident);

struct OperatorFacts;
/// What a component says about an operator: asked once for equal operators.
const ProfileCache::Placed& placedOn(const Component& component, const Operator& op,
                                     const OperatorFacts& facts, ProfileCache& cache);

/// Never throws for what a device refuses: the reasons are part of the plan. Programs that the
/// cache knows are not lowered again.
Plan makePlan(const Experiment& experiment, ProfileCache& cache, Detail detail = Detail::full);
/// Complete, with nothing known before.
Plan makePlan(const Experiment& experiment);
/// Regions of the operators marked in `wanted[phase][op]` only, without memory: for devices whose
/// regions are single operators.
Plan planOperators(const Experiment& experiment, ProfileCache& cache,
                   const std::vector<std::vector<char>>& wanted);

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

/// Most of tier 0 that any program of a region needs while it runs.
double workspaceBytes(const PlannedRegion& region);

}  // namespace wattlas
