#include "fpga/resources.h"

#include <algorithm>
#include <cmath>

namespace wattlas::fpga {
namespace {

std::int64_t ceilDiv(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}
std::int64_t ceilLog2(std::int64_t v) {
  std::int64_t bits = 0;
  while ((std::int64_t{1} << bits) < v) ++bits;
  return bits;
}
std::int64_t scaled(std::int64_t count, double factor) {
  return static_cast<std::int64_t>(std::floor(static_cast<double>(count) * factor + 1e-9));
}

/// Depth up to which a memory is made of LUTs (the FINN estimators' rule for constant weights).
constexpr std::int64_t lutMemoryDepth = 128;
/// Requantisation by comparing with every step pays up to this width; wider outputs multiply.
constexpr int widestThresholds = 4;

bool usesDsp(const Layer& layer, const Parameters& p) {
  return !layer.binaryProducts && !layer.ternaryWeights && layer.weightBits >= p.dspThreshold &&
         p.dsp.total > 0;
}

/// LUTs of one product: a FINN-R multiplier; a ternary one only selects and negates the input.
std::int64_t productLuts(const Layer& layer) {
  const std::int64_t sum = layer.weightBits + layer.inputBits;
  if (layer.ternaryWeights) return layer.inputBits + 1;
  return (2 * ceilDiv(sum, 6) - 1) * sum;
}
std::int64_t productBits(const Layer& layer) {
  return layer.ternaryWeights ? layer.inputBits + 1 : layer.weightBits + layer.inputBits;
}

/// Weight memory: `depth` words that hold what all lanes use in one cycle.
Resources weightMemory(std::int64_t lanes, int bits, std::int64_t depth, const Parameters& p) {
  if (depth > lutMemoryDepth) return blockMemory(lanes * bits, depth, p);
  return {.lut = lanes * bits * ceilDiv(depth, 64)};
}

Resources finnUnit(const Layer& layer, const Folding& f, const Parameters& p) {
  const std::int64_t width = layer.matrixWidth();
  const std::int64_t acc = accumulatorBits(width, layer.weightBits, layer.inputBits);
  const std::int64_t lanes = f.pe * f.simd;
  std::int64_t lane = productBits(layer) * (2 * f.simd - 1) + acc;
  Resources cost;
  if (usesDsp(layer, p)) {
    const std::int64_t widest = std::max(layer.weightBits, layer.inputBits);
    const std::int64_t packed = !p.dspPacking || widest > 8 ? 1 : widest <= 4 ? 4 : 2;
    cost.dsp = packed > 1 ? ceilDiv(f.pe, packed) * f.simd
                          : lanes * ceilDiv(layer.weightBits + layer.inputBits, 48);
  } else {
    lane += f.simd * productLuts(layer);
  }
  if (layer.thresholds && layer.outputBits <= widestThresholds) {
    const std::int64_t steps = (std::int64_t{1} << layer.outputBits) - 1;
    const std::int64_t channels = ceilDiv(layer.cout, f.pe);
    lane += steps * acc * ceilDiv(channels, 64) + steps * acc;
  } else if (layer.thresholds) {
    lane += acc + layer.outputBits;  // rounding and clipping behind a multiplication by the scale
    cost.dsp += p.dsp.total > 0 ? f.pe : 0;
  }
  cost.lut = p.unitLuts + scaled(f.pe * lane, p.lutScale.value.value);
  cost += weightMemory(lanes, layer.weightBits, ceilDiv(layer.weights(), lanes), p);
  cost.ff = scaled(cost.lut, p.ffPerLut.value.value);
  return cost;
}

Resources hlsUnit(const Layer& layer, const Folding& f, const Parameters& p) {
  const std::int64_t block = lanesOf(layer, f, Style::hls4ml);
  const std::int64_t inputs = layer.matrixWidth();
  const std::int64_t acc = accumulatorBits(inputs, layer.weightBits, layer.inputBits);
  Resources cost;
  std::int64_t luts = block * productBits(layer) + layer.cout * acc;
  if (usesDsp(layer, p))
    cost.dsp = block * ceilDiv(layer.weightBits + layer.inputBits, 48);
  else
    luts += block * productLuts(layer);
  // Each multiplier selects among the inputs it serves: four inputs of a bit fit one LUT.
  luts += block * layer.inputBits * ceilDiv(std::min(f.reuse, inputs), 4) * (f.reuse > 1 ? 1 : 0);
  cost.lut = p.unitLuts + scaled(luts, p.lutFromHls.value.value);
  // Fit of 871 syntheses of dense layers (MAPE 3.3 %): registers of outputs and of the weights
  // read.
  const double ff = 135 - 3.6 * static_cast<double>(block) +
                    16.6 * static_cast<double>(layer.cout) +
                    1.31 * static_cast<double>(block * layer.weightBits);
  cost.ff = static_cast<std::int64_t>(std::max(ff, 0.0));
  if (f.reuse <= 64) {
    cost.lut += f.reuse > 1 ? block * layer.weightBits : 0;
  } else {
    cost.bram18 = ceilDiv(block * layer.weightBits, 36) * ceilDiv(f.reuse, 512);
  }
  return cost;
}

}  // namespace

std::int64_t bram18For(std::int64_t width, std::int64_t depth) {
  if (width <= 0 || depth <= 0) return 0;
  if (width == 1) return ceilDiv(depth, 16384);
  if (width == 2) return ceilDiv(depth, 8192);
  if (width <= 4) return ceilDiv(depth, 4096) * ceilDiv(width, 4);
  if (width <= 9) return ceilDiv(depth, 2048) * ceilDiv(width, 9);
  if (width <= 18 || depth > 512) return ceilDiv(depth, 1024) * ceilDiv(width, 18);
  return ceilDiv(depth, 512) * ceilDiv(width, 36);
}

Resources blockMemory(std::int64_t width, std::int64_t depth, const Parameters& p) {
  const std::int64_t bram = bram18For(width, depth);
  if (p.uram.total == 0) return {.bram18 = bram};
  const std::int64_t uram = ceilDiv(width, 72) * ceilDiv(depth, 4096);
  const bool bramIsCheaper = bram * p.uram.total <= uram * 2 * p.bram36.total;
  return bramIsCheaper ? Resources{.bram18 = bram} : Resources{.uram = uram};
}

std::int64_t accumulatorBits(std::int64_t matrixWidth, int weightBits, int inputBits) {
  const double alpha = std::log2(static_cast<double>(matrixWidth)) + weightBits + inputBits - 2;
  // Rounded first: the last bit of log2 must not decide about a bit of hardware.
  const double bits = rounded(alpha + std::log2(1 + std::exp2(-alpha)) + 1);
  return std::min<std::int64_t>(32, static_cast<std::int64_t>(std::ceil(bits)));
}

Resources productUnit(const Layer& layer, const Folding& folding, Style style,
                      const Parameters& p) {
  return style == Style::finn ? finnUnit(layer, folding, p) : hlsUnit(layer, folding, p);
}

Resources windowBuffer(const Layer& layer, const Folding& folding, Style style,
                       const Parameters& p) {
  const Window& w = layer.window;
  Resources cost;
  if (style == Style::hls4ml) {
    // (k-1) shift registers a channel as long as a line, 32 bits of delay in a LUT.
    const std::int64_t bits = layer.cin * layer.inputBits;
    cost.lut = 100 + (w.kernelHeight - 1) * bits * ceilDiv(w.paddedWidth(), 32);
    cost.ff = w.kernelHeight * w.kernelWidth * bits;
    return cost;
  }
  const std::int64_t lanes = layer.kind == LayerKind::depthwise ? std::min(folding.pe, layer.cin)
                                                                : std::min(folding.simd, layer.cin);
  const std::int64_t lines = w.kernelHeight > 1 ? w.kernelHeight + w.strideHeight : 1;
  const std::int64_t length =
      w.kernelHeight > 1 ? w.width : std::min(w.width, w.kernelWidth + w.strideWidth);
  const std::int64_t depth = ceilDiv(length * layer.cin, lanes);
  if (depth <= 512)
    cost.lut = lines * lanes * layer.inputBits * ceilDiv(depth, 64);
  else
    cost = blockMemory(lines * lanes * layer.inputBits, depth, p);
  cost.lut += p.unitLuts;
  cost.ff = scaled(cost.lut, p.ffPerLut.value.value);
  return cost;
}

Resources plainUnit(const Layer& layer, const Folding& folding, const Parameters& p) {
  Resources cost;
  const std::int64_t pe = folding.pe;
  switch (layer.kind) {
    case LayerKind::pool: {
      cost.lut = 100 + pe * 2 * layer.inputBits * (layer.averages ? 2 : 1);
      const std::int64_t partial = layer.window.outWidth() * ceilDiv(layer.cin, pe);
      const std::int64_t width = pe * (layer.inputBits + (layer.averages ? 8 : 0));
      cost += partial > 512 ? blockMemory(width, partial, p)
                            : Resources{.lut = width * ceilDiv(partial, 64)};
      break;
    }
    case LayerKind::add:
      cost.lut = 100 + pe * (layer.inputBits + 1);
      break;
    case LayerKind::softmax:
      // Tables of exponential and reciprocal, a multiplier for each lane.
      cost = {
          .lut = 300 + pe * 2 * layer.inputBits, .dsp = p.dsp.total > 0 ? pe : 0, .bram18 = 2 * pe};
      break;
    default:
      cost.lut = 100 + pe * 2 * layer.inputBits;
      if (layer.tabled && layer.inputBits > 6)
        cost.bram18 = pe * bram18For(layer.outputBits, std::int64_t{1} << layer.inputBits);
  }
  cost.ff += scaled(cost.lut, p.ffPerLut.value.value);
  return cost;
}

Resources layerResources(const Layer& layer, const Folding& folding, Style style,
                         const Parameters& p) {
  if (!layer.hasProducts()) return plainUnit(layer, folding, p);
  Resources cost = productUnit(layer, folding, style, p);
  if (!layer.window.isIdentity() && !layer.flattens())
    cost += windowBuffer(layer, folding, style, p);
  return cost;
}

Resources fifo(std::int64_t words, std::int64_t width) {
  if (words <= 1) return {.lut = 2, .ff = width};
  Resources cost{.lut = 2 * ceilLog2(words), .ff = 2 * ceilLog2(words) + width};
  if (words > 256)
    cost.bram18 = bram18For(width, words);
  else
    cost.lut += ceilDiv(words, 32) * ceilDiv(width, 2);
  return cost;
}

Resources dmaEngine() {
  return {.lut = 200, .ff = 300, .bram18 = 2};
}

}  // namespace wattlas::fpga
