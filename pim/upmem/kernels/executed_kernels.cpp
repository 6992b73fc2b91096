#include "pim/upmem/kernels/executed_kernels.h"

#include <algorithm>
#include <map>

#include "pim/upmem/kernels/library.h"
#include "pim/upmem/kernels/product.h"
#include "pim/upmem/kernels/run.h"
#include "pim/upmem/parameters.h"
#include "pim/upmem/plan.h"
#include "pim/upmem/planner.h"

namespace wattlas::pim {

namespace {

std::optional<ElementKernel> expansionOf(const NumberFormat& stored) {
  if (!stored.isFloat())
    return stored.bits <= 8 ? std::optional(ElementKernel::fromInt8) : std::nullopt;
  if (stored.bits == 16)
    return stored.exponentBits >= 8 ? ElementKernel::fromBf16 : ElementKernel::fromFp16;
  if (stored.bits == 8) return ElementKernel::fromFp8;
  if (stored.bits == 4) return ElementKernel::fromFp4;
  return std::nullopt;
}

std::string executedBasis(const char* kernel, const Hash128& assembly) {
  return std::string(kernel) + " kernel executed, output checked, assembly " +
         assembly.hex().substr(0, 12);
}

}  // namespace

MacKernel kernelOf(const NumberFormat& weight, const NumberFormat& activation) {
  if (usesSoftFloat(weight, activation)) return MacKernel::singleFloat;
  const int bits = std::max(weight.bits, activation.bits);
  const bool whole = weight.kind == NumberKind::integer && activation.kind == NumberKind::integer;
  if (whole && weight.bits > 2 && bits <= 4) return MacKernel::sliced;
  if (bits > 16) return MacKernel::word;
  if (bits > 8) return MacKernel::halfWord;
  if (weight.bits == 1) return activation.bits == 1 ? MacKernel::binary : MacKernel::binaryByte;
  if (weight.bits <= 2) return MacKernel::twoBit;
  return weight.bits <= 4 ? MacKernel::fourBit : MacKernel::byte;
}

std::optional<ElementKernel> byteKernelOf(OpKind kind, OpVariant variant) {
  switch (kind) {
    case OpKind::attention:
    case OpKind::softmax:
      return ElementKernel::softmax;
    case OpKind::add:
      return ElementKernel::add;
    case OpKind::activation:
      if (variant == OpVariant::relu) return ElementKernel::relu;
      if (variant == OpVariant::siluMul) return ElementKernel::gate;
      return ElementKernel::lookUp;
    case OpKind::norm:
      if (variant == OpVariant::rms) return ElementKernel::rmsNorm;
      if (variant == OpVariant::batch) return ElementKernel::scaleShift;
      return ElementKernel::layerNorm;
    case OpKind::pool:
      if (variant == OpVariant::average || variant == OpVariant::global)
        return ElementKernel::averagePool;
      return ElementKernel::maxPool;
    case OpKind::rope:
      return ElementKernel::rope;
    default:
      return std::nullopt;
  }
}

KernelSetting settingOf(const UpmemParams& p) {
  KernelSetting s;
  s.unroll = static_cast<int>(p.unroll);
  s.tasklets = static_cast<int>(p.dpu.tasklets);
  s.timing = timingOf(p);
  s.isa = p.dpu.extension;
  if (!p.dpu.dma.bankDetail) {  // counts are in cycles: clock and rows do not matter
    s.timing.clockHz = dpu::DpuTiming().clockHz;
    s.timing.mramRowBytes = dpu::DpuTiming().mramRowBytes;
  }
  return s;
}

template <class Cost, class Make>
const Cost& KernelCosts::known(Known<Cost>& all, const Key& key, Make make) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [mine, cost] : all)
    if (mine == key) return cost;
  Cost made = make();
  all.emplace_back(key, std::move(made));
  return all.back().second;
}

const MatrixCost& KernelCosts::matrix(const NumberFormat& weight,
                                      const NumberFormat& activation) const {
  return known(matrices_, {weight, activation}, [&] { return matrixCost(weight, activation); });
}

const KernelCost& KernelCosts::decode(const NumberFormat& stored) const {
  return known(decodes_, {stored, {}}, [&] { return decodeCost(stored); });
}

const KernelCost& KernelCosts::element(OpKind kind, OpVariant variant,
                                       const NumberFormat& format) const {
  return known(elementCosts_, {format, {}, kind, variant},
               [&] { return elementCost(kind, variant, format); });
}

const MacMeasurement& KernelCosts::of(MacKernel kernel) const {
  const std::lock_guard lock(mutex_);
  auto& slot = macs_.at(static_cast<std::size_t>(kernel));
  if (!slot) slot = measure(kernel, setting_);
  return *slot;
}

const ElementMeasurement& KernelCosts::of(ElementKernel kernel) const {
  const std::lock_guard lock(mutex_);
  auto& slot = elements_.at(static_cast<std::size_t>(kernel));
  if (!slot) slot = measure(kernel, setting_);
  return *slot;
}

KernelCost KernelCosts::cost(ElementKernel kernel) const {
  const ElementMeasurement& m = of(kernel);
  KernelCost c{m.element, m.perTile, true, executedBasis(nameOf(kernel), m.assembly)};
  c.joules = m.joulesPerElement;
  // A window or row is a tile of these kernels: what it takes beyond a tile that is copied is its
  // own.
  if (kernel == ElementKernel::averagePool || kernel == ElementKernel::maxPool || byRows(kernel)) {
    const double frame = of(ElementKernel::copy).perTile;
    c.perWindow = std::max(0.0, m.perTile - frame);
    c.perTile = std::min(m.perTile, frame);
  }
  return c;
}

MatrixCost KernelCosts::matrixCost(const NumberFormat& weight,
                                   const NumberFormat& activation) const {
  const MacKernel kernel = kernelOf(weight, activation);
  const MacMeasurement& m = of(kernel);
  MatrixCost c{m.mac,
               m.perTile,
               m.perPass,
               m.perOutput,
               m.perRow,
               formatOf(kernel).group,
               true,
               executedBasis(nameOf(kernel), m.assembly),
               m.joulesPerMac,
               m.perValue,
               kernel == MacKernel::binaryByte,
               productHeader};
  if (kernel == MacKernel::singleFloat && !(weight.isFloat() && weight.bits >= 32)) {
    // Weights are expanded on every use: their load replaces the product's, nothing is stored.
    const KernelCost expand = decode(weight);
    c.mac += std::max(0.0, expand.instructions - 2);
    c.executed = c.executed && expand.executed;
    c.basis += "; weights: " + expand.basis;
  }
  return c;
}

KernelCost KernelCosts::decodeCost(const NumberFormat& stored) const {
  if (stored.isFloat() && stored.bits >= 32) return {0, 0, true, "stored as fp32"};
  const auto kernel = expansionOf(stored);
  return kernel ? cost(*kernel) : table_.decode(stored);
}

KernelCost KernelCosts::elementCost(OpKind kind, OpVariant variant,
                                    const NumberFormat& format) const {
  if (!format.isFloat()) {
    const auto kernel = format.bits <= 8 ? byteKernelOf(kind, variant) : std::nullopt;
    return kernel ? cost(*kernel) : table_.element(kind, variant, format);
  }
  // Sums and products by executed kernels; what else a function needs stays stated.
  KernelTable steps = table_;
  const KernelCost add = cost(ElementKernel::floatAdd),
                   multiply = cost(ElementKernel::floatMultiply);
  steps.replaceFloat(add.instructions, multiply.instructions, decode(format).instructions);
  KernelCost c = steps.element(kind, variant, format);
  c.perTile = add.perTile;
  c.executed = kind == OpKind::add || kind == OpKind::rope ||
               (kind == OpKind::norm && variant == OpVariant::batch);
  c.basis = (c.executed ? "" : "division, exponential and comparison stated; ") + add.basis + "; " +
            multiply.basis;
  return c;
}

namespace {

dpu::DpuRunOptions counting(std::vector<std::uint64_t>& counts, const KernelSetting& setting) {
  dpu::DpuRunOptions options;
  options.tasklets = 1;
  options.timing = setting.timing;
  options.trace = [&counts](const dpu::TraceEvent& event) {
    if (event.pc < counts.size()) ++counts[event.pc];
  };
  return options;
}

dpu::ExecutedProgram executed(MacKernel kernel, const KernelSetting& setting) {
  dpu::ExecutedProgram p;
  p.name = nameOf(kernel);
  p.program = &programOf(kernel, KernelBuild{setting.unroll, 1, setting.isa});
  p.counts.resize(p.program->text.size());
  dpu::DpuMachine machine(*p.program, setting.isa);
  runChecked(randomProduct(kernel, 8, 32 * productGrain(kernel, setting.unroll), 1), machine,
             setting.unroll, counting(p.counts, setting));
  return p;
}

dpu::ExecutedProgram executed(ElementKernel kernel, KernelSetting setting) {
  setting.tasklets = 1;
  dpu::ExecutedProgram p;
  p.name = nameOf(kernel);
  p.program = byRows(kernel) ? &rowsProgram(kernel, 64, setting)
                             : &programOf(kernel, KernelBuild{setting.unroll, 1, setting.isa});
  p.counts.resize(p.program->text.size());
  const auto options = counting(p.counts, setting);
  if (byRows(kernel)) {
    runRows(kernel, 4, 64, setting, options);
  } else {
    dpu::DpuMachine machine(*p.program, setting.isa);
    runElement(kernel, machine, {4, 64}, options);
  }
  return p;
}

/// Instructions of a workload by kernel.
struct Shares {
  std::map<MacKernel, double> products;
  std::map<ElementKernel, double> elements;
};

Shares sharesOf(const Workload& workload, const KernelSetting& setting) {
  Shares shares;
  for (const Phase& phase : workload.phases)
    for (OpId id = 0; id < static_cast<OpId>(phase.graph.size()); ++id) {
      const Operator& op = phase.graph.at(id);
      const OpCost cost = costOf(op);
      const double times = static_cast<double>(phase.repeat * op.count);
      if (cost.macs > 0) {
        const bool kept = op.kind == OpKind::attention || !op.hasWeights;
        const MacKernel kernel =
            kernelOf(kept ? op.formats.kv : op.formats.weight, op.formats.activation);
        shares.products[kernel] +=
            times * static_cast<double>(cost.macs) * measure(kernel, setting).mac;
      }
      const auto kernel = byteKernelOf(op.kind, op.variant);
      if (kernel && !op.formats.activation.isFloat())
        shares.elements[*kernel] +=
            times * static_cast<double>(cost.elementOps) * measure(*kernel, setting).element;
    }
  return shares;
}

}  // namespace

std::vector<dpu::ExecutedProgram> executedPrograms(const Workload* workload,
                                                   KernelSetting setting) {
  setting.unroll = 1;
  Shares shares;
  if (workload != nullptr) {
    shares = sharesOf(*workload, setting);
  } else {
    for (int k = 0; k < macKernelCount; ++k) shares.products[static_cast<MacKernel>(k)] = 1;
    for (int k = 0; k < elementKernelCount; ++k) shares.elements[static_cast<ElementKernel>(k)] = 1;
  }
  std::vector<dpu::ExecutedProgram> programs;
  for (const auto& [kernel, weight] : shares.products) {
    programs.push_back(executed(kernel, setting));
    programs.back().weight = weight;
  }
  for (const auto& [kernel, weight] : shares.elements) {
    programs.push_back(executed(kernel, setting));
    programs.back().weight = weight;
  }
  return programs;
}

}  // namespace wattlas::pim
