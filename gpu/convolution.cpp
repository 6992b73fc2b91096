// Convolutions: implicit product over windows, Winograd, or the ordinary lanes (depthwise).
#include <algorithm>
#include <cmath>

#include "gpu/lowering.h"
#include "gpu/timing.h"

namespace wattlas::gpu {
namespace {

struct Shape {
  double batch = 1, cin = 1, cout = 1, height = 1, width = 1;
};

Shape extentsOf(const Operator& op) {
  Shape s;
  s.batch = static_cast<double>(op.dims[Dim::batch]);
  s.cin = static_cast<double>(op.dims[Dim::cin]);
  s.cout = static_cast<double>(op.dims[Dim::cout]);
  s.height = static_cast<double>(outputHeight(op));
  s.width = static_cast<double>(outputWidth(op));
  return s;
}

/// Constants of the product inside a convolution.
MatrixFit insideConvolution(const PlanInput& in, double efficiency) {
  const ConvolutionFit& fit = in.p.fit.convolution;
  MatrixFit own;
  own.start.value = fit.start.value;
  own.efficiency.value = Ratio(efficiency);
  own.dramEfficiency.value = fit.memory.value;
  own.latency.value = in.p.fit.lanes.latency.value;
  own.tilePenalty.value = fit.tilePenalty.value;
  own.overlapLoss.value = in.p.fit.lanes.overlapLoss.value;
  own.ctasToFill.value = fit.ctasToFill.value;
  return own;
}

Kernel implicitProduct(const PlanInput& in) {
  const MatrixFit own = insideConvolution(in, in.p.fit.convolution.efficiency.value.value);
  ProductShape s = shapeOf(in.op);
  if (in.op.kind == OpKind::convTranspose) {
    // Each place of the output gathers the inputs whose windows cover it.
    const Shape c = extentsOf(in.op);
    s.n = c.cout / s.batches;
    s.m = c.batch * c.height * c.width * static_cast<double>(outputDepth(in.op));
    s.k = std::ceil(static_cast<double>(in.cost.macs) / (s.m * s.n * s.batches));
  }
  s.reuse = std::min(1.0, in.cost.input.value / (s.m * s.k * s.batches * s.rowBits));
  Kernel k = planProduct(in, s, own);
  k.name = "implicit-GEMM convolution, " + k.name;
  return k;
}

/// F(m x m, 3x3): (m + 2)^2 products of cin x cout over the tiles of m x m outputs. The fused
/// kernel (m = 2) keeps its transforms on the chip, the other (m = 4) stores them.
Kernel winograd(const PlanInput& in, const Shape& c, int m) {
  const Operator& op = in.op;
  const ConvolutionFit& fit = in.p.fit.convolution;
  const bool stored = m == 4;
  const MatrixFit own =
      insideConvolution(in, (stored ? fit.winogradStored : fit.winograd).value.value);
  const double points = (m + 2) * (m + 2), bits = op.formats.activation.bits;
  ProductShape s;
  s.m = c.batch * std::ceil(c.height / m) * std::ceil(c.width / m);
  s.n = c.cout;
  s.k = c.cin * (stored ? 1.0 : points);
  s.batches = stored ? points : 1;
  s.columnBits = op.formats.weight.bits;
  s.rowBits = s.outputBits = bits;
  Kernel k = planProduct(in, s, own);
  if (!stored) {
    // The filters are transformed by a kernel before: written and read again.
    const double filters = points * c.cin * c.cout * s.columnBits;
    k.l2Bits += 2.0 * filters;
    k.dramBits += 2.0 * filters * missShare(in.p, filters);
    k.launches += 1;
  }
  if (stored) {
    const double moved =
        2.0 * points * (s.m * (c.cin + c.cout) * bits + c.cin * c.cout * s.columnBits);
    k.l2Bits += moved;
    k.dramBits += moved;
    k.overlapLoss = 1;  // one after the other: transform, product, transform
    k.launches += 3;
  }
  k.grid = {};
  k.name = stored ? "Winograd F(4x4), transforms stored, " + k.name : "Winograd F(2x2), " + k.name;
  return k;
}

}  // namespace

bool hasWinograd(const Parameters& p, const Operator& op) {
  return (op.kind == OpKind::conv2d || op.kind == OpKind::convTranspose) &&
         op.dims[Dim::kernelDepth] == 1 && op.dims[Dim::kernelHeight] == 3 &&
         op.dims[Dim::kernelWidth] == 3 && op.dims[Dim::stride] == 1 &&
         op.dims[Dim::strideHeight] <= 1 && op.dims[Dim::dilation] == 1 &&
         op.dims[Dim::dilationHeight] <= 1 && op.dims[Dim::groups] == 1 &&
         op.formats.activation.isFloat() && op.dims[Dim::cin] >= p.fit.convolution.fewestChannels;
}

Kernel planConvolution(const PlanInput& in) {
  const Shape c = extentsOf(in.op);
  const ConvolutionFit& fit = in.p.fit.convolution;
  Kernel best = implicitProduct(in);
  double seconds = closedForm(in.p, best).seconds;
  const auto consider = [&](Kernel other) {
    const double t = closedForm(in.p, other).seconds;
    if (t >= seconds) return;
    seconds = t;
    best = std::move(other);
  };
  if (hasWinograd(in.p, in.op) && !in.path.matrixUnit) {
    if (fit.winograd.value.value > 0) consider(winograd(in, c, 2));
    if (fit.winogradStored.value.value > 0) consider(winograd(in, c, 4));
  }
  // Without channels to sum over, the lanes work on single windows.
  if (in.op.dims[Dim::groups] > 1 || in.op.dims[Dim::cin] < fit.fewestChannels)
    consider(planDirect(in));
  return best;
}

}  // namespace wattlas::gpu
