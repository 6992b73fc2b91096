// The device kind `gpu`.
#pragma once

#include "gpu/kernel.h"
#include "gpu/lowering.h"
#include "gpu/parameters.h"
#include "gpu/timing.h"
#include "models/programmable.h"
#include "models/registry.h"
#include "models/timed_device.h"

namespace wattlas::gpu {

class Gpu final : public ConfiguredDevice, public TimedDevice {
 public:
  Gpu(Parameters p, ResolvedConfig config);

  int modelVersion() const override { return 3; }
  const KindSet& kinds() const override { return programmableKinds(); }
  Expected<std::shared_ptr<const Program>, Refusal> lower(const WorkItem& item) const override;
  std::vector<std::vector<OpId>> partition(const Graph& graph,
                                           const std::vector<OpId>& mine) const override;
  /// Fused regions are found by looking at the neighbours of an operator.
  bool lowersByOperator() const override { return !ownRules().fuses(); }
  Profile estimate(const Program& program) const override;
  std::vector<Fidelity> fidelities() const override {
    return {Fidelity::analytic, Fidelity::event};
  }
  Profile simulate(const Program& program, Fidelity fidelity) const override;
  CopyCost copy(const CopyRequest& request) const override;
  LaunchCost launch() const override;
  std::vector<std::string> stacks() const override { return p_.stackNames(); }
  std::vector<KernelReport> kernels(const Program& program) const override;
  Ticks measured(const Operator& op, Timing timing, Ticks alone) const override;

  const Parameters& parameters() const { return p_; }
  const EnergyIds& energyIds() const { return ids_; }
  /// Profile of a program whose kernels took `durations`: shared by the fidelities.
  Profile profileOf(const GpuProgram& program, const std::vector<Ticks>& durations,
                    const std::vector<EnergyCounts>& energy,
                    const std::vector<Bottleneck>& bounds) const;

 private:
  bool decodes() const override { return true; }
  Support supportKnown(const Operator& op) const override { return supportOf(p_, op); }
  /// `p_` with the constants of `stack` (empty: of the device's own); null when it is not known.
  const Parameters* parametersFor(const std::string& stack) const;
  /// Rules of the stack that the device itself names.
  const StackRules& ownRules() const { return parametersFor({})->fit.launches; }

  Parameters p_;
  std::map<const Calibration*, Parameters> variants_;  ///< `p_` with those of another stack
  EnergyIds ids_;
};

}  // namespace wattlas::gpu
