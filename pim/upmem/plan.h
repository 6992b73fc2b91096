// A lowered operator on UPMEM memory: stages that the host starts one after the other.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "models/program.h"
#include "pim/upmem/parameters.h"

namespace wattlas::pim {

/// What a tasklet does again and again: read, compute, write. Bytes are whole DMA transfers.
struct Tile {
  std::int64_t reads = 0, readBytes = 0;    ///< transfers and bytes of each
  std::int64_t reads2 = 0, read2Bytes = 0;  ///< second operand
  std::int64_t instructions = 0;
  std::int64_t writes = 0, writeBytes = 0;
  std::int64_t extensionPj = 0;  ///< energy of instructions that configuration files add, in pJ
  bool operator==(const Tile&) const = default;
};

/// Tiles spread over the tasklets; a barrier follows.
struct TileLoop {
  Tile tile;
  std::int64_t tiles = 0;
  bool operator==(const TileLoop&) const = default;
};

/// Work of one DPU in a kernel: loops, then the bank's MACs (with the DPU serving them).
struct DpuWork {
  std::vector<TileLoop> loops;
  bool hasBank = false;
  BankWork bank;
  bool operator==(const DpuWork&) const = default;
};

/// `dpus` DPUs with the same work.
struct DpuClass {
  std::int64_t dpus = 0;
  DpuWork work;
};

struct Kernel {
  std::vector<DpuClass> classes;  ///< the busiest first
  int weightBits = 8, activationBits = 8;
  std::int64_t dpus() const;
};

struct Exchange {
  bool toDevice = true;
  CopyPattern pattern = CopyPattern::scatter;
  std::int64_t dpus = 0;
  std::int64_t bytesPerDpu = 0;
};

/// Time of the host between kernels.
struct HostWork {
  enum class Kind { launch, reduce } kind = Kind::reduce;
  std::int64_t bytes = 0;  ///< reduce
  std::int64_t dpus = 0;   ///< launch
};

struct Stage {
  std::variant<Exchange, Kernel, HostWork> what;
};

/// The stages of one operator and what they need.
struct OpPlan {
  std::vector<Stage> stages;
  std::int64_t macs = 0;
  double peakMacs = 0;  ///< MAC/s of all DPUs or banks in these formats, for utilisation
  Bits resident;        ///< parameters and KV cache, all DPUs, padding and replication included
  Bits workspace;
  std::vector<Assumption> assumptions;
};

class UpmemProgram final : public Program {
 public:
  explicit UpmemProgram(std::vector<OpPlan> operators) : operators_(std::move(operators)) {}
  /// Fixes hash, footprint and bound with the device's parameters.
  void finish(const UpmemParams& params);

  Hash128 hash() const override { return hash_; }
  const std::vector<Footprint>& footprint() const override { return footprint_; }
  Ticks lowerBound() const override { return bound_; }
  const std::vector<OpPlan>& operators() const { return operators_; }

 private:
  std::vector<OpPlan> operators_;
  std::vector<Footprint> footprint_;
  Hash128 hash_;
  Ticks bound_;
};

/// Energy coefficients of UPMEM memory and the counts of each stage.
struct UpmemCoefficients {
  CoefficientId fetch = 0, execute = 0, extension = 0, wram = 0, mramBit = 0, activation = 0,
                mac = 0, eccWord = 0;

  /// Adds all coefficients and standing powers of the device to `table`.
  void declare(EnergyTable& table, const UpmemParams& params);
};

/// Events of one stage on all DPUs. Exchanges count MRAM accesses; their link is the platform's.
EnergyCounts countsOf(const Stage& stage, const UpmemParams& params, const UpmemCoefficients& ids);

/// Bits of an exchange on the memory channels.
Bits wireBits(const Exchange& exchange, const UpmemParams& params);

// Closed-form times of stages: the analytic fidelity, and the bounds that no fidelity may beat.

/// What one stage takes, from the closed form or a simulation, and what limits it.
struct StageTime {
  Ticks time;
  Bottleneck bottleneck = Bottleneck::compute;
};

StageTime closedForm(const DpuWork& work, const Kernel& kernel, const UpmemParams& params);
StageTime closedForm(const Stage& stage, const UpmemParams& params);
Ticks lowerBound(const Stage& stage, const UpmemParams& params);

}  // namespace wattlas::pim
