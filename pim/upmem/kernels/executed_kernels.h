// Kernel costs and times from execution, the only way to either: generated assembly runs on the DPU
// executor, its output is held against C++ bit for bit, and the cost is what more elements, tiles,
// vectors or rows add.
#pragma once

#include <array>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "models/base/hash.h"
#include "pim/dpu/exec/fusion.h"
#include "pim/dpu/exec/timing.h"
#include "pim/upmem/kernels/product.h"
#include "pim/upmem/parameters.h"
#include "pim/upmem/plan.h"
#include "workloads/graph/workload.h"

namespace wattlas::pim {

/// Marginal cost of an inner-product kernel, in instructions unless said otherwise.
struct MacMeasurement {
  double mac = 0, perPass = 0, perTile = 0, perOutput = 0, perRow = 0;
  double perValue = 0;      ///< once per value of a vector, before the products
  double cyclesPerMac = 0;  ///< all tasklets running, DMA of the weights included
  double joulesPerMac = 0;  ///< of instructions that configuration files add
  double readsPerTile = 0, readBytesPerTile = 0;
  Hash128 assembly;
};
struct ElementMeasurement {
  double element = 0, perTile = 0;
  double cyclesPerElement = 0;
  double joulesPerElement = 0;
  Hash128 assembly;
};

/// The kernel for a product of these formats, and the int8 kernel of an element-wise operator.
MacKernel kernelOf(const NumberFormat& weight, const NumberFormat& activation);
std::optional<ElementKernel> byteKernelOf(OpKind kind, OpVariant variant);

/// How kernels are generated and run.
struct KernelSetting {
  int unroll = 8;
  int tasklets = 16;
  dpu::DpuTiming timing;
  std::shared_ptr<const dpu::IsaExtension> isa;  ///< null = the stock instruction set
  bool allRounds = false;  ///< of tile loops: nothing is extrapolated, however long they are
};
/// A tile loop on the DPU, all tasklets running.
struct LoopMeasurement {
  std::int64_t cycles = 0;
  std::int64_t dmaBusy = 0;  ///< cycles that the engine was taken
  std::int64_t instructions = 0;
  std::int64_t events = 0;  ///< starts and transfers that the executor ran to know it
  std::int64_t folded = 0;  ///< rounds that were not run: each adds as much as those before
};

/// Of a device: its timing, tasklets and instructions.
KernelSetting settingOf(const UpmemParams& params);
Hash128 hashOf(const dpu::DpuTiming& timing);

/// Runs the kernel (about a millisecond) unless this process has run it with the same assembly and
/// setting. Throws std::logic_error when an output differs from C++.
MacMeasurement measure(MacKernel kernel, const KernelSetting& setting);
ElementMeasurement measure(ElementKernel kernel, const KernelSetting& setting);
LoopMeasurement measure(const TileLoop& loop, const KernelSetting& setting);

/// Costs of a device's loops, by executed kernels where there are any, stated elsewhere (`executed`
/// false in the cost). Each is worked out once: lowering asks very often. Give-outs stay valid as
/// long as this object. May be used from several threads.
class KernelCosts {
 public:
  KernelCosts(KernelTable table, KernelSetting setting)
      : table_(std::move(table)), setting_(setting) {}

  /// Inner products; `mac` is one multiply-accumulate (loads, multiply, add, loop control).
  const MatrixCost& matrix(const NumberFormat& weight, const NumberFormat& activation) const;
  /// Bringing one stored activation into the form in which `mac` multiplies it (0 when none).
  const KernelCost& decode(const NumberFormat& stored) const;
  /// One element of an element-wise operator, softmax included (attention: one score).
  const KernelCost& element(OpKind kind, OpVariant variant, const NumberFormat& format) const;
  /// Re-layout of one byte of keys and values into the order that the bank's MACs read.
  KernelCost pack() const { return cost(ElementKernel::pack); }
  /// Once per tile: loop set-up and two DMA calls. And per output: scale and store.
  double perTile() const { return of(MacKernel::byte).perTile; }
  double perOutput() const { return of(MacKernel::byte).perOutput; }

 private:
  struct Key {
    NumberFormat first, second;
    OpKind kind = OpKind::gemm;
    OpVariant variant = OpVariant::none;
    bool operator==(const Key&) const = default;
  };
  template <class Cost>
  using Known = std::deque<std::pair<Key, Cost>>;
  template <class Cost, class Make>
  const Cost& known(Known<Cost>& all, const Key& key, Make make) const;
  const MacMeasurement& of(MacKernel kernel) const;
  const ElementMeasurement& of(ElementKernel kernel) const;
  KernelCost cost(ElementKernel kernel) const;
  MatrixCost matrixCost(const NumberFormat& weight, const NumberFormat& activation) const;
  KernelCost decodeCost(const NumberFormat& stored) const;
  KernelCost elementCost(OpKind kind, OpVariant variant, const NumberFormat& format) const;

  KernelTable table_;
  KernelSetting setting_;
  mutable std::recursive_mutex mutex_;  ///< one cost may be worked out from others
  mutable std::array<std::optional<MacMeasurement>, macKernelCount> macs_;
  mutable std::array<std::optional<ElementMeasurement>, elementKernelCount> elements_;
  mutable Known<MatrixCost> matrices_;
  mutable Known<KernelCost> decodes_, elementCosts_;
};

// Kernels of a device instruction by instruction: what a proposal for new ones looks at.

/// The kernels that `workload` uses, each weighted by its instructions there; without a workload
/// every kernel, all alike. Executed with one tasklet, loops as they are (nothing unrolled).
std::vector<dpu::ExecutedProgram> executedPrograms(const Workload* workload, KernelSetting setting);

}  // namespace wattlas::pim
