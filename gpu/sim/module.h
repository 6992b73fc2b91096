// Event model of a GPU: one SystemC process that wakes when a cohort of CTAs changes its state.
#pragma once

#include <optional>

#include "gpu/device.h"
#include "gpu/sim/waves.h"
#include "models/device_module.h"

namespace wattlas::gpu {

class GpuModule final : public DeviceModule {
 public:
  GpuModule(const sc_core::sc_module_name& name, const Gpu& device);
  void reset() override;
  void start(const Program& program, Done done) override;
  Profile take() override;

 private:
  void wake();
  void plan();
  void finishKernel();

  const Gpu& device_;
  const GpuProgram* program_ = nullptr;
  std::optional<WaveEngine> engine_;
  Done done_;
  sc_core::sc_event next_;
  std::size_t kernel_ = 0;
  Ticks elapsed_;          ///< of the running kernel
  bool draining_ = false;  ///< kernels are done, parameters still stream in
  std::int64_t events_ = 0;
  std::vector<Ticks> durations_;
  std::vector<EnergyCounts> energy_;
  std::vector<Bottleneck> bounds_;
  std::vector<Replication> folds_;
};

}  // namespace wattlas::gpu
