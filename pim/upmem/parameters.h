// Parameters of UPMEM memory with its DPUs (and, if `saMac.lanes` > 0, MACs in the banks).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/base/config.h"
#include "models/base/parameter.h"
#include "models/device.h"
#include "pim/bank/bank_run.h"
#include "pim/dpu/exec/extension.h"
#include "pim/dpu/exec/timing.h"
#include "workloads/graph/operator.h"

namespace wattlas::pim {

// What the inner loops of a DPU cost, as instructions per item: of executed kernels
// (kernels/executed_kernels.h), and of the steps for which there is no kernel.

/// Instructions of one loop, per item.
struct KernelCost {
  double instructions = 0;
  double perTile = 0;     ///< once per tile: set-up and DMA calls
  bool executed = false;  ///< counted while running checked assembly, otherwise stated
  std::string basis;      ///< for people: which loop, from where
  double perWindow = 0;   ///< once per output of a pool, or row of a norm or softmax
  double joules = 0;      ///< of added instructions, per item
};

/// Instructions of an inner-product kernel: a tile is one chunk of a weight row in WRAM, a pass the
/// product of that chunk with one vector, an output one finished sum.
struct MatrixCost {
  double mac = 0, perTile = 0, perPass = 0, perOutput = 0, perRow = 0;
  int group = 1;  ///< multiply-accumulates that the loop does at once; chunks are padded to it
  bool executed = false;
  std::string basis;
  double joules = 0;  ///< of added instructions, per multiply-accumulate
  /// Once per value of the vectors: sums or bit planes that the loop wants beside or instead of it.
  double perValue = 0;
  bool byEach = false;      ///< every tasklet does that for itself
  std::int64_t header = 0;  ///< bytes before the weights of a tile: bias and scale of the row
};

/// Instructions of single steps, without the loop around them.
struct ElementSteps {
  Sourced<Ratio> add, multiply, divide, exponential, compare;
  void bind(Binder& binder);
};

/// Stated instruction counts, for what no kernel computes.
class KernelTable {
 public:
  void bind(Binder& binder);

  /// Bringing one stored activation to fp32.
  KernelCost decode(const NumberFormat& stored) const;
  KernelCost element(OpKind kind, OpVariant variant, const NumberFormat& format) const;
  /// Puts other costs of an fp32 sum and product, loop included, and of the expansion to fp32.
  void replaceFloat(double add, double multiply, double expand);

 private:
  struct Decode {
    Sourced<Ratio> integer, fp16, bf16, fp8, fp4;
  } decode_;
  ElementSteps integer_, floating_;
  Sourced<Ratio> loop_, tile_;
};

/// True when a DPU computes in software floating point for this pair.
bool usesSoftFloat(const NumberFormat& weight, const NumberFormat& activation);

// Transfers between host and MRAM: measured times by number of DPUs and bytes per DPU, one model
// for every size and population.

/// Times of one direction on a grid of populations and sizes, interpolated in logarithms.
class TransferTable {
 public:
  void bind(Binder& binder);
  /// Time for `bytesPerDpu` on each of `dpus` (at least the grid's first population: a rank).
  double seconds(double dpus, double bytesPerDpu) const;
  /// First population of the grid: a whole rank.
  std::int64_t smallest() const { return rows_.front().dpus; }

 private:
  struct Row {
    std::int64_t dpus = 0;
    std::vector<double> seconds, logs;
    double logDpus = 0;
  };
  double along(const Row& row, double bytesPerDpu) const;  ///< logarithm of seconds
  std::vector<double> sizes_, logSizes_;                   ///< bytes
  std::vector<Row> rows_;
};

struct HostTransfers {
  TransferTable toDpu, fromDpu;
  Sourced<Ratio> broadcastGain;           ///< speed of a broadcast over equal parallel copies
  Sourced<BitRate> serialTo, serialFrom;  ///< one DPU alone
  Sourced<Ratio> scale;                   ///< common factor on all times (another host)
  Sourced<BitRate> hostReduce;            ///< rate at which the host combines partial results
  Sourced<BitRate> relayout;              ///< rate at which the host interleaves weights for MACs
  Sourced<Seconds> launchRank;            ///< one launch, within one rank
  Sourced<Ratio> launchAgain;             ///< share of it for a launch straight after another
  Sourced<Seconds> launchMore;            ///< added per further rank
  std::int64_t dpusPerRank = 64;

  void bind(Binder& binder);
  Seconds copy(CopyPattern pattern, bool toDevice, std::int64_t dpus,
               std::int64_t bytesPerDpu) const;
  /// Part of `copy` that does not depend on the size.
  Seconds setUp(bool toDevice, std::int64_t dpus) const;
  /// `again`: the kernel before it ended and the host has not touched MRAM since.
  Seconds launch(std::int64_t dpus, bool again = false) const;
};

struct DmaParams {
  Sourced<Ratio> readLatency, writeLatency;      ///< cycles
  Sourced<Ratio> perByte;                        ///< cycles per byte, latency
  Sourced<Ratio> readOccupancy, writeOccupancy;  ///< cycles that the engine is taken
  Sourced<Ratio> occupancyPerByte;
  /// Row by row instead of the measured average (`bankDetail`), with the times of the device's
  /// `bank`; refresh stays the measured average.
  bool bankDetail = false;
  dram::Timing rows = dpu::mramRows();
  std::int64_t rowBytes = 1024;
  Hertz clock;
  void bind(Binder& binder);
  /// Cycles of `count` transfers of `bytes` each that a tasklet makes back to back, one behind the
  /// other in MRAM.
  std::int64_t latency(bool write, std::int64_t bytes, std::int64_t count = 1) const;
  std::int64_t occupancy(bool write, std::int64_t bytes, std::int64_t count = 1) const;

 private:
  struct Cost {
    std::int64_t latency = 0, occupancy = 0;
  };
  double law(bool write, std::int64_t bytes) const;  ///< engine cycles of one transfer
  Cost rowByRow(bool write, std::int64_t bytes, std::int64_t count) const;
};

struct DpuParams {
  Sourced<Hertz> clock;
  std::int64_t tasklets = 16;
  std::int64_t revolver = 11;    ///< cycles between two instructions of one tasklet
  Sourced<Ratio> clockDerating;  ///< effective clock period over nominal
  std::vector<std::string> isa;  ///< instruction files: ids of configs/isa or paths
  std::shared_ptr<const dpu::IsaExtension> extension;  ///< what they add; null = stock
  Sourced<Bits> wram;
  Sourced<Bits> stack;  ///< WRAM of each tasklet that is no buffer
  Sourced<Bits> block;  ///< largest DMA transfer of the kernels
  DmaParams dma;
  void bind(Binder& binder);
  /// Clock with the measured stretch.
  Hertz effectiveClock() const {
    const double slower = extension ? extension->clockFactor() : 1.0;
    return Hertz(clock.value.value * slower / clockDerating.value.value);
  }
};

struct UpmemEnergy {
  Sourced<Joules> fetch, execute;  ///< one instruction: sequencing, arithmetic
  Sourced<Joules> wram;            ///< one 8-byte access
  Sourced<Ratio> wramPerInstruction;
  Sourced<Watts> dpuStatic;   ///< one DPU with its bank, always
  Sourced<Watts> dimmStatic;  ///< buffers and regulators of one DIMM
  BankEnergy bank;
  void bind(Binder& binder);
};

struct UpmemParams {
  std::string title;
  std::int64_t ranks = 2, chipsPerRank = 8, dpusPerChip = 8, ranksPerDimm = 2;
  DpuParams dpu;
  Sourced<Bits> mram;          ///< of one DPU
  BankTiming bank;             ///< refresh interval at the die's temperature
  Sourced<Ratio> temperature;  ///< of the die, degrees Celsius
  SaMacParams saMac;
  KernelTable kernels;
  std::int64_t unroll = 8;  ///< bodies of an executed kernel's loop in a row
  HostTransfers host;
  UpmemEnergy energy;
  Sourced<SquareMm> chipArea;
  std::string fold = "auto";  ///< `off`: every DPU is simulated (small systems)

  void bind(Binder& binder);
  std::int64_t dpus() const { return ranks * chipsPerRank * dpusPerChip; }
  std::int64_t dpusPerRank() const { return chipsPerRank * dpusPerChip; }
  IssueRate issue() const { return {dpu.effectiveClock(), dpu.tasklets, dpu.revolver}; }
  /// A row pass of the bank's MACs under the limits of the chip.
  RowPass rowPass(int weightBits, int activationBits) const;
  PeakRates peakRates(int weightBits, int activationBits) const;
  MacArea macArea() const { return areaOf(saMac, chipArea.value, dpusPerChip); }
};

// A device file of kind upmem read outside an experiment, and what the DPU library takes from it:
// `dpu run`, validation and the kernels of the device all get their constants here.

/// Throws InputError: no such device, not of kind upmem, or a bad value.
UpmemParams loadUpmem(const SearchPath& path, const std::string& id,
                      const std::vector<std::pair<std::string, std::string>>& sets = {});

dpu::DpuTiming timingOf(const UpmemParams& params);
dpu::LaunchModel launchModelOf(const UpmemParams& params);

}  // namespace wattlas::pim
