// The device kind `host-cpu`: a processor that runs every operator in every format by a measured
// model (calls, shares of peak rates): the honest place for what accelerators refuse. Analytic
// only.
#pragma once

#include "models/host/parameters.h"
#include "models/registry.h"

namespace wattlas {

/// Adds the device kind `host-cpu`.
void registerHost(Registry& registry);

namespace host {

/// How products of two formats run: rate, width of an operand and unpacking.
struct Path {
  Support support;
  double macsPerClock = 0;  ///< per core
  double operandBits = 32;  ///< sets the energy of a MAC
  bool unpack = false;
};
Path pathOf(const Parameters& p, const Operator& op);

class HostCpu final : public ConfiguredDevice {
 public:
  /// Reads a device file (without `kind`). Returns null when it added problems.
  static std::unique_ptr<HostCpu> make(const ConfigNode& config, const std::string& prefix,
                                       Problems& problems);
  static std::string schema();

  int modelVersion() const override { return 1; }
  const KindSet& kinds() const override;
  Expected<std::shared_ptr<const Program>, Refusal> lower(const WorkItem& item) const override;
  bool lowersByOperator() const override { return true; }
  Profile estimate(const Program& program) const override;
  std::vector<Fidelity> fidelities() const override { return {Fidelity::analytic}; }
  CopyCost copy(const CopyRequest& request) const override;
  const Parameters& parameters() const { return p_; }

 private:
  bool decodes() const override { return true; }
  Support supportKnown(const Operator& op) const override;
  HostCpu(Parameters p, ResolvedConfig config);
  Parameters p_;
  CoefficientId mac_ = 0, op_ = 0, dram_ = 0, cache_ = 0, active_ = 0;
};

}  // namespace host
}  // namespace wattlas
