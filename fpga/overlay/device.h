// Kind `fpga-overlay`: instruction-driven arrays (DPU, LLM overlays). Layers follow each other; the
// load of weights and feature maps overlaps with the products of the same layer.
#pragma once

#include <string>

#include "fpga/pipeline.h"
#include "models/base/parameter.h"
#include "models/registry.h"

namespace wattlas::fpga {

/// Parameters of an overlay: a fixed array in an FPGA that takes layer after layer as instructions,
/// with weights and feature maps that stream from the board's memory.
struct OverlayParameters {
  std::string title = "FPGA overlay", part = "unknown part";
  std::int64_t cores = 1;  ///< each works on an inference of its own
  Sourced<Hertz> clock;
  // Products a core and cycle: pixels (rows of a matrix product) x inputs x outputs.
  std::int64_t pixels = 1, inputs = 1, outputs = 1;
  bool augmented = false;  ///< few input channels: neighbours in a row of the kernel fill the lanes
  std::int64_t rowPixels = 0;  ///< rows that a pass over weights takes at least; 0 = no limit
  std::int64_t depthwisePixels = 1, depthwiseChannels = 0;  ///< 0 channels = none
  std::int64_t lanes = 1;                                   ///< element-wise results, pooled inputs
  std::int64_t mostBits = 8;                                ///< of weights and activations
  bool ternaryOnly = false;  ///< products by table look-up: weights of three values
  bool sequences = false;  ///< attention, norms, rotary embeddings and tables in logic of their own
  Sourced<Seconds> layerTime;   ///< fetch and start of the instructions of a layer, pipeline fill
  Sourced<Bits> featureBuffer;  ///< of a core: feature maps that fit stay on the chip
  Sourced<BitRate> port;        ///< a core's ports to the board's memory
  Sourced<BitRate> bandwidth;   ///< of the board's memory, all cores
  Sourced<Ratio> efficiency;    ///< of port and memory with bursts of weights
  Sourced<Bits> capacity;
  Sourced<JoulesPerBit> memoryEnergy;
  Sourced<Seconds> callTime;  ///< run-time library, cache maintenance and interrupt of an inference
  Sourced<Joules> product;    ///< one product with its share of buffers and control
  Sourced<Watts> standing;    ///< board with processing system, clocked overlay
  // Fabric of the overlay, as published.
  Resources used, board;

  void bind(Binder& binder);
};

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
