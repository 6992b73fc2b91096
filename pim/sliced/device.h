// Units (chips, GPUs) that hold a slice of every tensor. Products read their slice of the weights;
// inputs are exchanged among the units; memory, arithmetic, vector units and links are separate
// resources that work tile by tile (tiles.h).
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "models/memory_device.h"
#include "models/registry.h"
#include "pim/sliced/program.h"

namespace wattlas::pim {

class SlicedDevice final : public ConfiguredDevice, public LiveDevice {
 public:
  using Keys = void (SlicedParams::*)(Binder&);
  /// `keys` says how the parameters are written down, `more` what else stands in the file.
  bool configure(const ConfigNode& config, const std::string& prefix, Problems& problems, Keys keys,
                 const std::function<void(Binder&)>& more = {});

  int modelVersion() const override { return 5; }
  const KindSet& kinds() const override { return slicedKinds(); }
  std::vector<Fidelity> fidelities() const override {
    return {Fidelity::analytic, Fidelity::event};
  }
  Expected<std::shared_ptr<const Program>, Refusal> lower(const WorkItem& item) const override;
  bool lowersByOperator() const override { return true; }
  Profile estimate(const Program& program) const override;
  Profile simulate(const Program& program, Fidelity fidelity) const override;
  CopyCost copy(const CopyRequest& request) const override;
  LaunchCost launch() const override;
  Bits residentBits(const Operator& op) const override;
  std::shared_ptr<const LiveMemory> liveMemory() const override;
  std::vector<MemoryTraffic> memoryTraffic(const Program& program) const override;
  Bits memoryTraffic(const CopyRequest& request) const override;

  const SlicedParams& params() const { return params_; }
  const MemoryPort& memory() const;

 private:
  struct Timed {
    Ticks total;  ///< exchange included
    Bottleneck bottleneck = Bottleneck::memory;
  };
  bool decodes() const override { return true; }
  Support supportKnown(const Operator& op) const override;
  SlicedOp plan(const Operator& op) const;
  EnergyCounts countsOf(const SlicedOp& op) const;
  /// Segments, shares and counts of operators that took so long.
  Profile profileOf(const SlicedProgram& program, const std::vector<Timed>& times) const;
  void append(Profile& profile, const SlicedOp& op, const Timed& timed, std::int32_t index,
              Ticks start) const;
  void addEnergies();

  SlicedParams params_;
  mutable std::once_flag measured_;
  mutable std::unique_ptr<const MemoryPort> memory_;
  CoefficientId bit_ = 0, activation_ = 0, flop_ = 0, int8_ = 0, int4_ = 0, link_ = 0;
};

}  // namespace wattlas::pim
