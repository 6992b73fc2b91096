// The device kind `host-cpu`: a processor that runs every operator in every format by a measured
// model (calls, shares of peak rates): the honest place for what accelerators refuse. Analytic
// only.
#pragma once

#include "models/registry.h"

namespace wattlas {

/// Adds the device kind `host-cpu`.
void registerHost(Registry& registry);

namespace host {

/// Of a host processor that runs operators by a measured model.
struct Parameters {
  std::string title;
  std::int64_t sockets = 1, cores = 1;  ///< cores per socket
  Sourced<Hertz> clock;                 ///< all cores busy with wide SIMD
  // MACs per core and clock, SIMD units together.
  Sourced<Ratio> fp32, fp16, int16, int8, logic;
  Sourced<Ratio> elementOps;  ///< other arithmetic, operations per core and clock
  Sourced<Ratio> unpackOps;   ///< operations to make one operand of a packed value
  Sourced<Bits> capacity;
  Sourced<BitRate> bandwidth;  ///< DRAM peak, all sockets
  Sourced<Bits> cacheSize;     ///< last-level cache, all sockets
  Sourced<BitRate> cacheBandwidth;
  Sourced<Seconds> call;  ///< fork and join of the threads of one operator
  // Shares of the peaks that kernels reach.
  Sourced<Ratio> gemmEfficiency, gemvEfficiency, convEfficiency, attentionEfficiency;
  Sourced<Ratio> elementEfficiency, memoryEfficiency;
  Sourced<Joules> macEnergy, opEnergy;  ///< an fp32 MAC; narrower ones in proportion to their width
  Sourced<JoulesPerBit> dramEnergy, cacheEnergy;
  Sourced<Watts> tdp, idle, active;  ///< all sockets; active: all cores busy, arithmetic apart
  Sourced<SquareMm> area;

  void bind(Binder& b);
};

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
