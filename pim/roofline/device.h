// Device kind `roofline`: what upmem_llm_framework describes by one profile, with equations that
// count every operation and bit once. Units hold a slice of every tensor; memory, arithmetic,
// vector units and links are separate resources that work tile by tile (sim/). With
// `compat: upmem-llm-framework` the tool's own closed forms are used instead (compat.h).
#pragma once

#include <memory>

#include "models/decode_steps.h"
#include "models/registry.h"
#include "pim/pimai/spread.h"
#include "pim/roofline/program.h"

namespace wattlas::pim {

class RooflineDevice : public ConfiguredDevice, public CountsDecodeSteps {
 public:
  bool configure(const ConfigNode& config, const std::string& prefix, Problems& problems);
  static std::string schema();

  int modelVersion() const override { return 3; }
  const KindSet& kinds() const override { return slicedKinds(); }
  Expected<std::shared_ptr<const Program>, Refusal> lower(const WorkItem& item) const override;
  /// The tool's own equations look at the network around an operator.
  bool lowersByOperator() const override { return !params_.isCompat(); }
  Profile estimate(const Program& program) const override;
  CopyCost copy(const CopyRequest& request) const override;
  Bits residentBits(const Operator& op) const override;
  std::int64_t decodeSteps(std::int64_t generate) const override;

  const RooflineParams& params() const { return params_; }
  /// Segments, shares and counts of an operator that took `total`, exchange included.
  Profile profileOf(const RooflineProgram& program, Ticks total, Bottleneck bottleneck) const;

 private:
  Support supportKnown(const Operator& op) const override;
  RooflineOp plan(const Operator& op) const;
  EnergyCounts countsOf(const RooflineOp& op) const;
  Profile toolProfile(const ToolProgram& program) const;
  void addEnergies();

  RooflineParams params_;
  CoefficientId bit_ = 0, flop_ = 0, int8_ = 0, int4_ = 0, link_ = 0, toDevice_ = 0, toHost_ = 0;
};

}  // namespace wattlas::pim
