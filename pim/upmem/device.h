// Device kind `upmem`: ranks of DRAM chips with a DPU beside every bank, and optionally
// multiply-accumulate units at the banks' sense amplifiers.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "models/memory_device.h"
#include "models/registry.h"
#include "pim/upmem/planner.h"

namespace wattlas::pim {

class UpmemDevice final : public ConfiguredDevice, public BankDevice {
 public:
  /// Reads `config`; false and problems when it is not valid.
  bool configure(const ConfigNode& config, const std::string& prefix, Problems& problems);

  int modelVersion() const override { return 7; }
  const KindSet& kinds() const override { return Planner::kinds(); }
  Expected<std::shared_ptr<const Program>, Refusal> lower(const WorkItem& item) const override;
  bool lowersByOperator() const override { return true; }
  Profile estimate(const Program& program) const override;
  std::vector<Fidelity> fidelities() const override;
  Profile simulate(const Program& program, Fidelity fidelity) const override;
  Profile simulateInto(dram::CommandLog& log, const Program& program,
                       Fidelity fidelity) const override;
  CopyCost copy(const CopyRequest& request) const override;
  LaunchCost launch() const override;
  Bits residentBits(const Operator& op) const override;

  const UpmemParams& params() const { return params_; }
  /// DPU instructions of one multiply-accumulate in the inner loop.
  double instructionsPerMac(const NumberFormat& weight, const NumberFormat& activation) const {
    return costs_->matrix(weight, activation).mac;
  }
  const UpmemCoefficients& coefficients() const { return ids_; }

 private:
  Support supportKnown(const Operator& op) const override;
  /// The plan of an operator. Whoever asks for resident bits will ask for the program next: its
  /// plan waits for it.
  Expected<OpPlan, Refusal> planOf(const Operator& op) const;
  static constexpr std::size_t mostWaiting = 256;

  UpmemParams params_;
  UpmemCoefficients ids_;
  std::unique_ptr<KernelCosts> costs_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<Hash128, OpPlan, Hash128Hasher> waiting_;  ///< by operator
};

/// Ranks with the same composition of work; `ranks` of them.
struct RankPattern {
  std::vector<int> classOf;  ///< per DPU, -1 = idle
  std::int64_t ranks = 0;
};
/// Lays the classes of a kernel over the ranks, DPU by DPU, and groups equal ranks.
std::vector<RankPattern> patternsOf(const Kernel& kernel, const UpmemParams& params, bool fold);

/// Puts stage times (in the program's order) and event counts together.
Profile profileOf(const UpmemProgram& program, const std::vector<StageTime>& outcomes,
                  const UpmemDevice& device);

}  // namespace wattlas::pim
