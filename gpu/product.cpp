// Matrix products: the tile/wave model with kernel selection.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gpu/lowering.h"
#include "gpu/timing.h"

namespace wattlas::gpu {

namespace {

struct Tile {
  int m, n;
};
// Tile shapes that the vendors' libraries ship for 16-bit products; the narrow ones serve decode.
constexpr std::array<Tile, 14> matrixTiles = {{{256, 128},
                                               {128, 256},
                                               {128, 128},
                                               {256, 64},
                                               {64, 256},
                                               {128, 64},
                                               {64, 128},
                                               {64, 64},
                                               {32, 256},
                                               {32, 128},
                                               {32, 64},
                                               {16, 256},
                                               {16, 128},
                                               {16, 64}}};
// Between the powers of two: libraries since 2024, so that waves end full.
constexpr std::array<Tile, 8> finerTiles = {
    {{192, 128}, {128, 192}, {256, 192}, {192, 256}, {96, 128}, {128, 96}, {128, 160}, {160, 128}}};
// On the ordinary lanes rows need no padding to 16.
constexpr std::array<Tile, 11> laneTiles = {{{128, 128},
                                             {128, 64},
                                             {64, 128},
                                             {64, 64},
                                             {128, 32},
                                             {32, 128},
                                             {64, 32},
                                             {32, 32},
                                             {16, 128},
                                             {4, 128},
                                             {1, 128}}};
// Convolutions with few outputs have a narrow kernel that products lack.
constexpr Tile narrowTile = {128, 16};
// The deepest ones are for gradients of filters, sums over all places of a batch.
constexpr std::array<int, 7> splits = {1, 2, 4, 8, 16, 32, 64};
constexpr double stepBits = 1024;  // 128 bytes of each operand row are loaded at a time
constexpr int deepestPipeline = 4;
constexpr double splitLatency = 0.7;  // of a latency: the reduction of split-K partial sums

struct Candidate {
  Tile tile{};
  int split = 1;
  Kernel kernel;
};

/// Share of the peak that a tile reaches: small tiles reuse operands less (fitted form).
double tileEfficiency(const MatrixFit& fit, const Tile& tile) {
  const double shrink = std::sqrt(256.0 * 128.0 / (static_cast<double>(tile.m) * tile.n));
  return fit.efficiency.value.value / (1.0 + fit.tilePenalty.value.value * shrink / 8.0);
}

double sparseSpeed(const Operator& op, const DataPath& path) {
  const Sparsity& s = op.weightSparsity;
  const bool twoOfFour = s.pattern == Sparsity::Pattern::nm && s.n * 2 == s.m && s.m == 4;
  return twoOfFour && path.matrixUnit ? 2.0 : 1.0;
}

void fill(const PlanInput& in, const ProductShape& s, const MatrixFit& fit, Candidate& c) {
  const Parameters& p = in.p;
  Kernel& k = c.kernel;
  const double depth = std::ceil(s.k / c.split);
  const double rows = std::ceil(s.m / c.tile.m), columns = std::ceil(s.n / c.tile.n);
  const double ctas = rows * columns * c.split * s.batches;
  const double rate =
      in.path.macsPerClock * sparseSpeed(in.op, in.path) * tileEfficiency(fit, c.tile);
  const double macs = static_cast<double>(c.tile.m) * c.tile.n * depth;
  // Unpacking runs on the lanes beside the matrix unit; each CTA unpacks its own column panel.
  const double unpack = in.path.unpackOps * c.tile.n * depth / p.vector.fp16.value.value;
  const double operandStep = (c.tile.m + c.tile.n) * stepBits;
  const double pipeline = std::clamp(std::floor(p.memory.sharedMemory.value.value / operandStep),
                                     1.0, static_cast<double>(deepestPipeline));
  k.slotsPerSm = static_cast<int>(std::clamp(
      std::floor(p.memory.sharedMemory.value.value / (operandStep * pipeline)), 1.0, 4.0));
  // A cluster of 2x2 CTAs reads every operand half as often.
  const double sharing =
      std::sqrt(std::min(static_cast<double>(p.matrix.cluster), std::max(1.0, ctas)));
  k.ctasToFill = fit.ctasToFill.value.value;
  CtaGroup group;
  group.count = static_cast<std::int64_t>(ctas);
  group.cycles = macs / rate + unpack;
  group.inFlight =
      pipeline * stepBits * (c.tile.m * s.rowBits + c.tile.n * s.columnBits) / in.path.operandBits;
  k.groups.assign(1, group);
  const double partial = c.split > 1 ? 2.0 * c.split * s.m * s.n * s.batches * 32.0 : 0.0;
  k.outputBits = s.m * s.n * s.batches * s.outputBits;
  k.l2Bits = std::max(in.distinctBits(),
                      ctas * depth * (c.tile.m * s.rowBits + c.tile.n * s.columnBits) / sharing +
                          k.outputBits) +
             partial;
  k.dramBits = in.weightDram() + in.activationDram();
  k.latency = fit.latency.value.value * (c.split > 1 ? 1.0 + splitLatency : 1.0);
  k.memoryLatency = fit.latency.value.value;
  const double spilt = in.activationMiss();
  k.grid = {static_cast<std::int64_t>(rows),
            static_cast<std::int64_t>(columns),
            s.m / rows * depth * s.rowBits * s.reuse,
            s.n / columns * depth * s.columnBits,
            spilt,
            in.cache.weightMiss,
            spilt};
  k.macs = ctas * macs;
  k.vectorOps = ctas * in.path.unpackOps * c.tile.n * depth;
  k.sharedBits = ctas * depth * (c.tile.m + c.tile.n) * in.path.operandBits;
}

}  // namespace

double missShare(const Parameters& p, double bits) {
  const double room = p.memory.l2ResidentShare.value.value * p.memory.l2Size.value.value;
  if (room <= 0 || !std::isfinite(bits)) return 1;
  // Sets fill unevenly: some of a loop smaller than the cache misses, some of a larger one hits.
  const double hits = 1.0 / (1.0 + std::pow(bits / room, p.memory.l2Steepness.value.value));
  return hits > 0.999 ? 0.0 : 1.0 - hits;
}

CacheState cacheState(const Parameters& p, double loopBits) {
  return {loopBits, missShare(p, loopBits)};
}

double PlanInput::activationMiss() const {
  return missShare(p, (cost.input + cost.output).value);
}

double PlanInput::activationDram() const {
  return (cost.input + cost.output).value * activationMiss();
}

ProductShape shapeOf(const Operator& op) {
  const ProductDims dims = productOf(op);
  ProductShape s;
  s.m = static_cast<double>(dims.vectors);
  s.n = static_cast<double>(dims.outputs);
  s.k = static_cast<double>(dims.inputs);
  s.batches = static_cast<double>(dims.groups);
  s.columnBits = op.formats.weight.bits;
  s.rowBits = s.outputBits = op.formats.activation.bits;
  return s;
}

Kernel planProduct(const PlanInput& in, const ProductShape& shape) {
  return planProduct(in, shape, in.path.matrixUnit ? in.p.fit.gemm : in.p.fit.lanes);
}

Kernel planProduct(const PlanInput& in, const ProductShape& shape, const MatrixFit& fit) {
  Candidate best, trial;
  double bestTime = -1;
  const auto consider = [&](const Tile& tile) {
    // A tile twice as wide as needed only wastes; keep the smallest one always.
    for (const int split : splits) {
      if (split > 1 && (shape.k / split < 128 || shape.batches > 1)) break;
      if (split > 16 && in.op.kind != OpKind::convGradient) break;
      trial.tile = tile;
      trial.split = split;
      fill(in, shape, fit, trial);
      trial.kernel.start = fit.start.value.value;
      trial.kernel.overlapLoss = fit.overlapLoss.value.value;
      trial.kernel.dramShare = fit.dramEfficiency.value.value;
      const double t = closedForm(in.p, trial.kernel).seconds;
      if (bestTime < 0 || t < bestTime) {
        bestTime = t;
        best = trial;
      }
    }
  };
  if (shape.batches > 1 && fit.batchedRows > 0)
    consider({static_cast<int>(fit.batchedRows), static_cast<int>(fit.batchedColumns)});
  else if (in.path.matrixUnit) {
    for (const Tile& tile : matrixTiles) consider(tile);
    // Narrow products run on kernels of the stack's own.
    if (fit.finerTiles && in.path.operandBits >= 16)
      for (const Tile& tile : finerTiles) consider(tile);
  } else {
    for (const Tile& tile : laneTiles) consider(tile);
    if (in.op.kind != OpKind::gemm) consider(narrowTile);
  }
  best.kernel.macKind = in.path.kind;
  best.kernel.tileRows = best.tile.m;
  best.kernel.tileColumns = best.tile.n;
  best.kernel.split = best.split;
  best.kernel.name =
      fmt::format("product {}x{} tiles, split {}", best.tile.m, best.tile.n, best.split);
  return best.kernel;
}

// Convolutions: implicit product over windows, Winograd, or the ordinary lanes (depthwise).

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
