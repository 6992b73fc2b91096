// Device kind `roofline` with `compat: upmem-llm-framework`: the published tool as it is.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "models/base/parameter.h"
#include "models/decode_steps.h"
#include "models/device.h"
#include "models/registry.h"

namespace wattlas::pim::compat {

// The closed forms of upmem_llm_framework, defects included, so that its users can check us.
// docs/roofline-peer.md lists what is wrong with them and by how much. Nothing else knows them.

/// A profile of the published tool, units added up as there. Read by `compat` only.
struct ToolProfile {
  Sourced<BitRate> hostToDevice, deviceToHost, memory;
  Sourced<JoulesPerBit> hostToDeviceEnergy, deviceToHostEnergy, memoryEnergy;
  Sourced<OpRate> flops, int4Flops;  ///< int4Flops zero: the profile has none
  Sourced<Joules> flopEnergy;
  Sourced<Seconds> softmax, silu, norm;     ///< per element; the tool's own when a profile has none
  std::int64_t kvHeads = 0;                 ///< its option num_key_value_heads; 0 = not given
  std::int64_t slidingWindow = 0;           ///< its option sliding_window; 0 = not given
  std::vector<std::string> transferPoints;  ///< layers mapped with its flag `t`

  void bind(Binder& binder);
};

/// One call of the published tool: how long it says, and what it counts.
struct ToolCall {
  double seconds = 0;
  double flops = 0, memoryBits = 0, toDeviceBits = 0, toHostBits = 0;
  std::int64_t repeat = 1;
  Bottleneck bottleneck = Bottleneck::memory;
};

/// The calls that the tool makes for all instances of one operator.
class ToolProgram final : public Program {
 public:
  ToolProgram(std::vector<ToolCall> calls, std::int64_t macs);
  Hash128 hash() const override { return hash_; }
  const std::vector<Footprint>& footprint() const override { return footprint_; }
  Ticks lowerBound() const override { return bound_; }
  bool coversCounts() const override { return true; }
  const std::vector<ToolCall>& calls() const { return calls_; }
  std::int64_t macs() const { return macs_; }

 private:
  std::vector<ToolCall> calls_;
  std::int64_t macs_ = 0;
  std::vector<Footprint> footprint_;
  Hash128 hash_;
  Ticks bound_;
};

/// Which operators the tool has an equation for.
Support toolSupport(const Operator& op);
/// The tool's calls for all instances of the operator of `item`.
Expected<std::shared_ptr<const Program>, Refusal> toolLower(const WorkItem& item,
                                                            const ToolProfile& profile);

class ToolDevice final : public ConfiguredDevice, public CountsDecodeSteps {
 public:
  ToolDevice(const ConfigNode& config, const std::string& prefix);

  int modelVersion() const override { return 3; }
  const KindSet& kinds() const override;
  Expected<std::shared_ptr<const Program>, Refusal> lower(const WorkItem& item) const override {
    return toolLower(item, tool_);
  }
  std::vector<Fidelity> fidelities() const override { return {Fidelity::analytic}; }
  Profile estimate(const Program& program) const override;
  /// The tool's own transfers are in its programs.
  CopyCost copy(const CopyRequest& request) const override;
  /// The tool's first token comes out of the prefill.
  std::int64_t decodeSteps(std::int64_t generate) const override {
    return std::max<std::int64_t>(0, generate - 1);
  }
  const ToolProfile& profile() const { return tool_; }

 private:
  Support supportKnown(const Operator& op) const override { return toolSupport(op); }

  ToolProfile tool_;
  CoefficientId bit_ = 0, flop_ = 0, toDevice_ = 0, toHost_ = 0;
};

/// The kind `roofline`: units with slices, or the tool where `compat` asks for it.
void registerRoofline(Registry& registry);

}  // namespace wattlas::pim::compat
