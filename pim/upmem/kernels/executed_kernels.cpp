#include "pim/upmem/kernels/executed_kernels.h"

#include <algorithm>

#include "pim/upmem/device_file.h"
#include "pim/upmem/kernels/library.h"
#include "pim/upmem/kernels/product.h"

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

const MacMeasurement& ExecutedKernels::of(MacKernel kernel) const {
  const std::lock_guard lock(mutex_);
  auto& slot = macs_.at(static_cast<std::size_t>(kernel));
  if (!slot) slot = measure(kernel, setting_);
  return *slot;
}

const ElementMeasurement& ExecutedKernels::of(ElementKernel kernel) const {
  const std::lock_guard lock(mutex_);
  auto& slot = elements_.at(static_cast<std::size_t>(kernel));
  if (!slot) slot = measure(kernel, setting_);
  return *slot;
}

KernelCost ExecutedKernels::cost(ElementKernel kernel) const {
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

MatrixCost ExecutedKernels::matrix(const NumberFormat& weight,
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

KernelCost ExecutedKernels::decode(const NumberFormat& stored) const {
  if (stored.isFloat() && stored.bits >= 32) return {0, 0, true, "stored as fp32"};
  const auto kernel = expansionOf(stored);
  return kernel ? cost(*kernel) : table_.decode(stored);
}

KernelCost ExecutedKernels::element(OpKind kind, OpVariant variant,
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

}  // namespace wattlas::pim
