// Which energy counts in a run, and what it costs. Internal to models/.
#pragma once

#include <vector>

#include "models/device.h"
#include "models/experiment.h"

namespace wattlas {

/// What draws energy: the first group, the host, the links, then further groups in their order.
enum ComponentIndex : std::int32_t { onDevice = 0, onHost = 1, onLink = 2, onOthers = 3 };

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
  /// Coefficient of the link between host and device.
  CoefficientId hostLink() const { return x_.platform->linkBit; }
  const EnergyTable& tableOf(ComponentIndex component) const;
  bool counted(ComponentIndex component, const Coefficient& c) const;
  double joules(ComponentIndex component, const EnergyCounts& counts) const;
  /// Members of a group that all do what one of them does; 1 for host and links.
  double members(ComponentIndex component) const {
    return component == onHost || component == onLink
               ? 1.0
               : static_cast<double>(groupOf(component).count);
  }
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
  const DeviceGroup& groupOf(ComponentIndex component) const;

  const Experiment& x_;
};

}  // namespace wattlas
