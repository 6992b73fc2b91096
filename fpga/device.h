// Kind `fpga-dataflow`: the whole network as one pipeline on one FPGA.
#pragma once

#include "fpga/design.h"
#include "fpga/parameters.h"
#include "models/registry.h"

namespace wattlas::fpga {

/// Energy coefficients of the device, by what they count.
struct Coefficients {
  CoefficientId lut = -1, ff = -1, dsp = -1, bram18 = -1, uram = -1, memory = -1;
};

/// A pipeline ready to run. Holds all instances of its operators.
class DataflowProgram final : public Program {
 public:
  DataflowProgram(std::shared_ptr<const Design> design, const Parameters& p);
  Hash128 hash() const override { return design_->hash; }
  const std::vector<Footprint>& footprint() const override { return footprint_; }
  Ticks lowerBound() const override { return bound_; }
  bool coversCounts() const override { return true; }
  DesignReport designReport(bool operators) const override;

  const Design& design() const { return *design_; }
  std::int64_t frames() const { return design_->network.frames; }

 private:
  std::shared_ptr<const Design> design_;
  Resources shell_, usable_, total_;
  double clock_;  ///< Hz
  std::vector<Footprint> footprint_;
  Ticks bound_;
};

class DataflowDevice final : public ConfiguredDevice {
 public:
  DataflowDevice(Parameters parameters, ResolvedConfig config);
  /// Devices of one sweep share what their designs have in common.
  void share(std::shared_ptr<DesignMemory> memory) { memory_ = std::move(memory); }

  int modelVersion() const override { return 3; }
  const KindSet& kinds() const override;
  std::vector<std::vector<OpId>> partition(const Graph& graph,
                                           const std::vector<OpId>& mine) const override;
  Expected<std::shared_ptr<const Program>, Refusal> lower(const WorkItem& item) const override;
  Profile estimate(const Program& program) const override;
  std::vector<Fidelity> fidelities() const override;
  Profile simulate(const Program& program, Fidelity fidelity) const override;
  CopyCost copy(const CopyRequest& request) const override;
  LaunchCost launch() const override;
  Bits residentBits(const Operator& op) const override;

  const Parameters& parameters() const { return p_; }
  /// Profile of a finished run (a Trace of either simulation).
  Profile profileOf(const DataflowProgram& program, const Trace& trace) const;
  /// Tokens of a program at `event` or `detailed`.
  Trace run(const DataflowProgram& program, Fidelity fidelity) const;

 private:
  Support supportKnown(const Operator& op) const override;
  void describe();
  void makeEnergy();
  double shareOf(const WorkItem& item) const;
  /// Why a design cannot run at the clock that is asked for.
  std::optional<Refusal> tooFast(const Design& design) const;
  /// Why one of the operators cannot be part of a pipeline.
  std::optional<Refusal> unfit(const WorkItem& item) const;

  Parameters p_;
  Coefficients c_;
  std::shared_ptr<DesignMemory> memory_ = std::make_shared<DesignMemory>();
};

/// The kind as the registry takes it.
DeviceKind dataflowKind();

}  // namespace wattlas::fpga
