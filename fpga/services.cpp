// Cycles of a layer's units at a folding, and what a device offers to all of them.
#include <algorithm>
#include <cmath>

#include "fpga/layer.h"
#include "fpga/resources.h"
#include "models/base/multiples.h"

namespace wattlas::fpga {

namespace {

/// Only DSP blocks are shared by an unrolled layer with a reuse factor: the products that they do
/// take turns, all others are done at once.
std::int64_t unrolledInterval(const Layer& layer, const Folding& f, const Parameters& p) {
  const std::int64_t latency = unrolledLatency(layer, p);
  // The resource strategy is no pipeline at reuse 1: the next vector waits for the result.
  if (f.reuse <= 1) return strategyOf(f) == Strategy::resource ? latency + 1 : 1;
  if (!usesDsp(layer, f.products, p)) return latency == 0 ? 1 : latency + 2;
  const std::int64_t blocks = ceilDiv(layer.weights(), f.reuse);
  const double products = static_cast<double>(layer.weights()) * constantsOf(layer).wide;
  return std::max<std::int64_t>(ceilDiv(static_cast<std::int64_t>(std::ceil(products)), blocks), 1);
}

/// Cycles from a step's input to its state: the matrix, then the gates. Look-ups and the state are
/// registered; products wait where DSP blocks compute them.
std::int64_t stepCycles(const Layer& layer, const Folding& f, const Parameters& p) {
  const bool turns = strategyOf(f) == Strategy::resource && f.reuse > 1;
  const std::int64_t matrix = turns ? f.reuse + hlsLatency : unrolledLatency(layer, p) + 1;
  constexpr std::int64_t lookUp = 1, state = 1;
  if (layer.cell == Cell::rnn) return matrix + lookUp + state;
  // GRU: reset gate x state, then update gate x difference. LSTM: gates x cell, then output gate.
  return matrix + 2 * (lookUp + productCycles(layer.inputBits, layer.inputBits, p)) + state;
}

}  // namespace

bool poolsByWindow(const Layer& layer, Style style) {
  const Window& w = layer.window;
  if (layer.kind != LayerKind::pool || style != Style::finn || w.outPixels() == 1) return false;
  const bool apart = w.kernelHeight <= w.strideHeight && w.kernelWidth <= w.strideWidth;
  return layer.averages || !apart || w.paddedPixels() != w.pixels();
}

std::int64_t lanesOf(const Layer& layer, const Folding& folding, Style style) {
  if (style == Style::finn) return folding.pe * folding.simd;
  return ceilDiv(layer.weights(), folding.reuse);
}

Strategy strategyOf(const Folding& folding) {
  if (folding.strategy) return *folding.strategy;
  return folding.reuse > 1 ? Strategy::resource : Strategy::latency;
}

Services servicesOf(const Layer& layer, const Folding& f, Style style, const Parameters& p) {
  Services s;
  const bool windowed = !layer.window.isIdentity();
  if (!layer.hasProducts()) {
    s.unit = ceilDiv(layer.cin, f.pe);
    if (poolsByWindow(layer, style)) {
      s.writer = s.unit;
      s.reader = s.unit *= layer.window.taps();
    } else if (layer.kind == LayerKind::pool && style == Style::finn) {
      s.window = s.unit;
    }
    return s;
  }
  if (layer.operandTokens > 0) {
    const std::int64_t word = layer.inputBits * (style == Style::finn ? f.simd : layer.cin);
    s.operand = ceilDiv(layer.inputTokenBits.back(), word);
  }
  if (layer.kind == LayerKind::recurrent) {
    s.unit = stepCycles(layer, f, p);
    return s;
  }
  const bool constants =
      layer.operandTokens == 0 && (strategyOf(f) != Strategy::resource || f.reuse == 1);
  if (style == Style::hls4ml && constants) {
    // Unrolled: a result each interval, line buffers included.
    s.unit = unrolledInterval(layer, f, p);
    if (windowed) s.writer = layer.flattens() ? 1 : s.unit;
    return s;
  }
  if (style == Style::hls4ml) {
    s.unit = f.reuse;
    if (layer.flattens()) s.writer = 1;
    if (windowed && !layer.flattens()) s.writer = p.pixelCycles, s.window = f.reuse;
    if (!windowed && layer.pixels > 1) s.unit += p.pixelCycles;
    return s;
  }
  const std::int64_t channelsAtOnce =
      std::min(layer.cin, layer.kind == LayerKind::depthwise ? f.pe : f.simd);
  if (windowed) s.writer = ceilDiv(layer.cin, channelsAtOnce);
  if (layer.kind == LayerKind::depthwise) {
    s.unit = ceilDiv(layer.cout * layer.window.taps(), f.pe * f.simd);
    if (windowed) s.reader = ceilDiv(layer.cin * layer.window.taps(), channelsAtOnce * f.simd);
    return s;
  }
  s.unit = layer.groups * (layer.matrixWidth() / f.simd) * (layer.matrixHeight() / f.pe);
  if (windowed && !layer.flattens()) s.reader = ceilDiv(layer.window.taps() * layer.cin, f.simd);
  return s;
}

std::int64_t layerCycles(const Layer& layer, const Folding& folding, Style style,
                         const Parameters& p) {
  const Services s = servicesOf(layer, folding, style, p);
  if (layer.kind == LayerKind::recurrent) return layer.pixels * s.unit;
  const std::int64_t padded = layer.window.paddedPixels();
  if (layer.kind == LayerKind::pool && !poolsByWindow(layer, style))
    return padded * s.unit + layer.outPixels * s.window;
  if (style == Style::hls4ml && s.writer > 0 && !layer.flattens())
    return padded * s.writer + layer.outPixels * s.window;
  return std::max({padded * s.writer, layer.outPixels * s.reader, layer.outPixels * s.unit,
                   layer.operandTokens * s.operand});
}

Resources fabricOf(const Parameters& p) {
  // No router fills the last sixth of the logic; memories and DSP blocks can all be used.
  const auto routed = [](std::int64_t total) {
    return static_cast<std::int64_t>(0.85 * static_cast<double>(total));
  };
  return {routed(p.lut.total) - p.shellLut, routed(p.ff.total) - p.shellFf, p.dsp.total,
          2 * p.bram36.total - p.shellBram18, p.uram.total};
}

Resources budgetOf(const Parameters& p) {
  const auto usable = [](const Supply& s, std::int64_t scale) {
    return static_cast<std::int64_t>(static_cast<double>(s.total * scale) * s.usable.value.value);
  };
  return {usable(p.lut, 1) - p.shellLut, usable(p.ff, 1) - p.shellFf, usable(p.dsp, 1),
          usable(p.bram36, 2) - p.shellBram18, usable(p.uram, 1)};
}

std::optional<std::string> shortfall(const Resources& need, const Resources& budget,
                                     const Parameters& p) {
  struct Row {
    const char* name;
    std::int64_t need, has, total;
  };
  const Row rows[] = {{"UltraRAM blocks", need.uram, budget.uram, p.uram.total},
                      {"18 Kibit block RAMs", need.bram18, budget.bram18, 2 * p.bram36.total},
                      {"DSP blocks", need.dsp, budget.dsp, p.dsp.total},
                      {"LUTs", need.lut, budget.lut, p.lut.total},
                      {"flip-flops", need.ff, budget.ff, p.ff.total}};
  const Row* worst = nullptr;
  double excess = 1.0;
  for (const Row& row : rows) {
    if (row.need <= row.has) continue;
    const double over =
        static_cast<double>(row.need) / static_cast<double>(std::max<std::int64_t>(row.has, 1));
    if (worst == nullptr || over > excess) worst = &row, excess = over;
  }
  if (worst == nullptr) return std::nullopt;
  return "needs " + std::to_string(worst->need) + " " + worst->name + ", " +
         std::to_string(std::max<std::int64_t>(worst->has, 0)) + " of " +
         std::to_string(worst->total) + " are usable";
}

namespace {

/// Levels of additions inside a product with a constant.
double productLevels(const Layer& layer) {
  const ConstantWeights w = constantsOf(layer);
  const double terms = (1 - w.wide) * w.terms + w.wide * (termsForDsp + 1);
  return std::log2(std::max(terms, 1.0));
}

/// Levels of additions from the products to the sum; zeros are not added.
double sumLevels(const Layer& layer) {
  const double operands = static_cast<double>(layer.matrixWidth()) * constantsOf(layer).nonZero *
                          std::clamp(layer.density, 0.0, 1.0);
  return std::log2(std::max(operands, 1.0));
}

/// Delay of a product inside DSP blocks. Wider operands are cut for the 26 x 17 bits of a block;
/// the parts of the longer cut are added.
double blockDelay(std::int64_t a, std::int64_t b, const Parameters& p) {
  const auto parts = [](std::int64_t bits, std::int64_t each) { return (bits - 2) / each + 1; };
  const std::int64_t cuts = std::max(parts(std::max(a, b), 26), parts(std::min(a, b), 17));
  const double addition = p.adder.value.value + p.adderBit.value.value * static_cast<double>(a + b);
  return p.multiplier.value.value + std::ceil(std::log2(static_cast<double>(cuts))) * addition;
}

double periods(double delay, const Parameters& p) {
  return delay * p.clock.value.value / plannedShare;
}

}  // namespace

bool multipliesInDsp(std::int64_t a, std::int64_t b, const Parameters& p) {
  return p.dsp.total > 0 && std::min(a, b) >= p.dspThreshold && a + b >= p.dspProduct;
}

std::int64_t productCycles(std::int64_t a, std::int64_t b, const Parameters& p) {
  if (!multipliesInDsp(a, b, p)) return 0;
  return static_cast<std::int64_t>(std::ceil(rounded(periods(blockDelay(a, b, p), p))));
}

double additionsPerCycle(std::int64_t bits, const Parameters& p) {
  const double period = plannedShare / p.clock.value.value;
  const double addition = p.adder.value.value + p.adderBit.value.value * static_cast<double>(bits);
  return std::max(period / addition, 1.0);
}

double partialSums(const Layer& layer, const Parameters& p) {
  if (unrolledLatency(layer, p) == 0) return 0;
  const double levels =
      additionsPerCycle(accumulatorOf(layer, Style::hls4ml), p) - productLevels(layer);
  return std::exp2(-std::max(levels, 0.0));
}

std::int64_t unrolledLatency(const Layer& layer, const Parameters& p) {
  const double rate = additionsPerCycle(accumulatorOf(layer, Style::hls4ml), p);
  double product = productLevels(layer) / rate;
  if (constantsOf(layer).wide > 0 && usesDsp(layer, Products::byWidth, p))
    product = std::max(product, periods(blockDelay(layer.weightBits, layer.inputBits, p), p));
  const double cycles = product + sumLevels(layer) / rate;
  return std::max<std::int64_t>(static_cast<std::int64_t>(std::ceil(rounded(cycles))) - 1, 0);
}

Hertz reachableClock(double fill, const Parameters& p) {
  return p.maxClock.value * (1 - p.derating.value.value * std::clamp(fill, 0.0, 1.0));
}

}  // namespace wattlas::fpga
