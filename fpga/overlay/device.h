// Kind `fpga-overlay`: instruction-driven arrays (DPU, LLM overlays). Layers follow each other; the
// load of weights and feature maps overlaps with the products of the same layer.
#pragma once

#include "fpga/overlay/parameters.h"
#include "models/registry.h"

namespace wattlas::fpga {

/// One operator on one core.
struct OverlayStep {
  std::int64_t cycles = 0;  ///< of the array or the lanes, one instance
  double bits = 0;          ///< from and to the board's memory, one instance
  std::int64_t products = 0;
  std::int64_t count = 1;  ///< instances
};

class OverlayProgram final : public Program {
 public:
  OverlayProgram(std::vector<OverlayStep> steps, std::int64_t inferences, Bits resident,
                 Bits workspace, const OverlayParameters& p);
  Hash128 hash() const override { return hash_; }
  const std::vector<Footprint>& footprint() const override { return footprint_; }
  Ticks lowerBound() const override { return bound_; }
  bool coversCounts() const override { return true; }
  DesignReport designReport(bool operators) const override;

  const std::vector<OverlayStep>& steps() const { return steps_; }
  std::int64_t inferences() const { return inferences_; }

 private:
  std::vector<OverlayStep> steps_;
  std::int64_t inferences_;
  OverlayParameters p_;
  std::vector<Footprint> footprint_;
  Hash128 hash_;
  Ticks bound_;
};

class OverlayDevice final : public ConfiguredDevice {
 public:
  OverlayDevice(OverlayParameters parameters, ResolvedConfig config);
  int modelVersion() const override { return 2; }
  const KindSet& kinds() const override;
  std::vector<std::vector<OpId>> partition(const Graph& graph,
                                           const std::vector<OpId>& mine) const override;
  Expected<std::shared_ptr<const Program>, Refusal> lower(const WorkItem& item) const override;
  Profile estimate(const Program& program) const override;
  std::vector<Fidelity> fidelities() const override { return {Fidelity::analytic}; }
  CopyCost copy(const CopyRequest& request) const override;
  LaunchCost launch() const override;

 private:
  Support supportKnown(const Operator& op) const override;
  OverlayStep stepOf(const Operator& op) const;

  OverlayParameters p_;
  CoefficientId product_ = -1, memory_ = -1;
};

DeviceKind overlayKind();

}  // namespace wattlas::fpga
