// Device kind `roofline` with `compat: upmem-llm-framework`: the published tool as it is.
#pragma once

#include <algorithm>

#include "models/decode_steps.h"
#include "models/registry.h"
#include "pim/compat/equations.h"

namespace wattlas::pim::compat {

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
