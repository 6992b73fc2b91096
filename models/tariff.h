// Which energy counts in a run, and what it costs. Internal to models/.
#pragma once

#include <vector>

#include "models/device.h"
#include "models/experiment.h"

namespace wattlas {

/// What draws energy: the first group, the host, the links, then further groups in their order.
enum ComponentIndex : std::int32_t { onDevice = 0, onHost = 1, onLink = 2, onOthers = 3 };

/// Component that a group of the platform is.
inline ComponentIndex componentOf(std::size_t group) {
  return group == 0 ? onDevice
                    : static_cast<ComponentIndex>(static_cast<int>(onOthers + group) - 1);
}
inline std::size_t groupOf(ComponentIndex component) {
  return component == onDevice ? 0 : static_cast<std::size_t>(component - onOthers) + 1;
}
/// Device or host of a platform.
inline const Component& partOf(const Platform& platform, ComponentIndex component) {
  return component == onHost ? platform.host : platform.groups[groupOf(component)].device;
}

/// Counts of one coefficient, to be added to the ledger.
struct Charge {
  ComponentIndex component = onDevice;
  CoefficientId id = 0;
  double count = 0;
};

/// Coefficients of one platform within the scope of a run. Keeps a reference to the experiment.
class Tariff {
 public:
  explicit Tariff(const Experiment& experiment) : x_(experiment) {}

  bool hasHost() const { return x_.platform->host.device != nullptr; }
  /// All that the platform has.
  std::vector<ComponentIndex> components() const;
  const std::string& nameOf(ComponentIndex component) const;
  const EnergyTable& tableOf(ComponentIndex component) const;
  bool counted(ComponentIndex component, const Coefficient& c) const;
  double joules(ComponentIndex component, const EnergyCounts& counts) const;
  /// Members of a group that all do what one of them does, one stage of a pipeline at a time; 1 for
  /// host and links.
  double members(ComponentIndex component) const {
    if (component == onHost || component == onLink) return 1.0;
    const std::int64_t stages = component == onDevice ? x_.platform->mapping.pipeline : 1;
    return static_cast<double>(group(component).count / stages);
  }
  /// Parts of a batch that run one after the other.
  std::int64_t microBatches() const { return x_.platform->mapping.microBatches; }
  std::int64_t stages() const { return x_.platform->mapping.pipeline; }
  /// Appends what counts, `factor` times.
  void charge(ComponentIndex component, const EnergyCounts& counts, double factor,
              std::vector<Charge>& to) const;

  /// Power that flows all the time. At rated power (`--energy tdp`): all of it.
  double staticPower() const;
  void chargeStatic(Ticks duration, std::vector<Charge>& to) const;
  /// Rated power; throws InputError when none is known.
  double ratedPower() const;
  /// Energy drawn at the wall for each joule of the node; 1 below that scope.
  double supply() const;

 private:
  /// Calls `each(component, share)` for what draws static power.
  template <class Each>
  void forStatic(const Each& each) const;
  const DeviceGroup& group(ComponentIndex component) const;

  const Experiment& x_;
};

}  // namespace wattlas
