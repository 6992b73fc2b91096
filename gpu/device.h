// The device kind `gpu`: everything but `simulate`, which belongs to gpu/sim/.
#pragma once

#include "gpu/energy.h"
#include "gpu/kernel.h"
#include "gpu/parameters.h"
#include "models/registry.h"

namespace wattlas::gpu {

class Gpu : public ConfiguredDevice {
 public:
  /// Makes the concrete device: with its event model, or without one.
  using Maker = std::unique_ptr<Gpu> (*)(Parameters p, ResolvedConfig config);

  /// Reads a device file (without `kind`). Returns null when it added problems.
  static std::unique_ptr<Gpu> make(const ConfigNode& config, const std::string& prefix,
                                   Problems& problems, Maker maker);
  static std::string schema();

  int modelVersion() const override { return 1; }
  Support support(const Operator& op) const override;
  Expected<std::shared_ptr<const Program>, Refusal> lower(const WorkItem& item) const override;
  bool lowersByOperator() const override { return true; }
  Profile estimate(const Program& program) const override;
  CopyCost copy(const CopyRequest& request) const override;
  LaunchCost launch() const override;

  const Parameters& parameters() const { return p_; }
  const EnergyIds& energyIds() const { return ids_; }
  /// Added by timing at the host with synchronisation (`timing` = host_sync of `predict`).
  Seconds hostSync() const { return p_.launch.hostSync.value; }
  /// Profile of a program whose kernels took `durations`: shared by the fidelities.
  Profile profileOf(const GpuProgram& program, const std::vector<Ticks>& durations,
                    const std::vector<EnergyCounts>& energy,
                    const std::vector<Bottleneck>& bounds) const;

 protected:
  Gpu(Parameters p, ResolvedConfig config);

 private:
  /// `p_` with the constants of `stack`; `known` says whether there are any.
  const Parameters& parametersFor(const std::string& stack, bool& known) const;

  Parameters p_;
  std::map<std::string, Parameters> variants_;  ///< `p_` with other constants, by their stack
  EnergyIds ids_;
};

/// The kind `gpu` with the devices that `maker` makes (gpu/sim/register.h has the complete one).
DeviceKind gpuKind(Gpu::Maker maker);

}  // namespace wattlas::gpu
