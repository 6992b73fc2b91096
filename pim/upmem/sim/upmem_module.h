// The SystemC half of kind `upmem`: host control, host link and ranks.
#pragma once

#include <memory>
#include <vector>

#include "pim/upmem/device.h"
#include "pim/upmem/sim/host_link.h"

namespace wattlas::pim {

/// Ranks with the same composition of work; `ranks` of them.
struct RankPattern {
  std::vector<int> classOf;  ///< per DPU, -1 = idle
  std::int64_t ranks = 0;
};
/// Lays the classes of a kernel over the ranks, DPU by DPU, and groups equal ranks.
std::vector<RankPattern> patternsOf(const Kernel& kernel, const UpmemParams& params, bool fold);

class UpmemModule final : public DeviceModule {
 public:
  UpmemModule(const sc_core::sc_module_name& name, const UpmemDevice& device, Fidelity fidelity);
  void reset() override;
  void start(const Program& program, Done done) override;
  Profile take() override;

 private:
  void next();
  void stageOver();
  void rankStopped();
  void runKernel(const Kernel& kernel);

  const UpmemDevice& device_;
  HostLinkModule link_;
  std::vector<std::unique_ptr<RankModule>> ranks_;
  const UpmemProgram* program_ = nullptr;
  Done done_;
  std::vector<const Stage*> stages_;
  std::vector<StageOutcome> outcomes_;
  std::size_t stage_ = 0;
  std::size_t waiting_ = 0;  ///< ranks that still run
  sc_core::sc_time begun_;
  std::vector<Replication> folds_;
  std::int64_t events_ = 0;
  sc_core::sc_event wake_;
};

}  // namespace wattlas::pim
