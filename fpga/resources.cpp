#include "fpga/resources.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <utility>

#include "models/base/multiples.h"

namespace wattlas::fpga {

namespace {

std::int64_t ceilLog2(std::int64_t v) {
  std::int64_t bits = 0;
  while ((std::int64_t{1} << bits) < v) ++bits;
  return bits;
}

/// Memories up to this depth and size are made of LUTs (FINN estimators; Vivado HLS).
constexpr std::int64_t lutMemoryDepth = 128, lutMemoryBits = 1024;

}  // namespace

std::int64_t wholeBelow(double count) {
  return static_cast<std::int64_t>(std::floor(std::max(count, 0.0) + 1e-9));
}
std::int64_t scaled(std::int64_t count, double factor) {
  return wholeBelow(static_cast<double>(count) * factor);
}

std::int64_t bram18For(std::int64_t width, std::int64_t depth) {
  if (width <= 0 || depth <= 0) return 0;
  if (width == 1) return ceilDiv(depth, 16384);
  if (width == 2) return ceilDiv(depth, 8192);
  if (width <= 4) return ceilDiv(depth, 4096) * ceilDiv(width, 4);
  if (width <= 9) return ceilDiv(depth, 2048) * ceilDiv(width, 9);
  if (width <= 18 || depth > 512) return ceilDiv(depth, 1024) * ceilDiv(width, 18);
  return ceilDiv(depth, 512) * ceilDiv(width, 36);
}

std::int64_t tables(std::int64_t reads) {
  return ceilDiv(reads, 2) * bram18For(18, 1024);
}

Resources blockMemory(std::int64_t width, std::int64_t depth, const Parameters& p) {
  const Resources bram{.bram18 = bram18For(width, depth)};
  if (p.uram.total == 0) return bram;
  constexpr std::int64_t uramDepth = 4096, uramWidth = 72;
  const std::int64_t columns = ceilDiv(width, uramWidth);
  const Resources uram{.uram = columns * ceilDiv(depth, uramDepth)};
  const Resources mixed{.bram18 = bram18For(width, depth % uramDepth),
                        .uram = columns * (depth / uramDepth)};
  const auto share = [&](const Resources& r) {
    return static_cast<double>(r.bram18) /
               static_cast<double>(std::max<std::int64_t>(2 * p.bram36.total, 1)) +
           static_cast<double>(r.uram) / static_cast<double>(p.uram.total);
  };
  // Of equal shares the mixed one: it leaves less of an UltraRAM empty.
  const Resources* best = &bram;
  for (const Resources* other : {&mixed, &uram})
    if (share(*other) < share(*best)) best = other;
  return *best;
}

Resources memory(std::int64_t width, std::int64_t depth, const Parameters& p, Memory kind) {
  if (kind == Memory::block) return {.bram18 = bram18For(width, depth)};
  if (kind == Memory::ultra) return {.uram = ceilDiv(width, 72) * ceilDiv(depth, 4096)};
  const bool small = depth <= lutMemoryDepth && width * depth <= lutMemoryBits;
  if (small || kind == Memory::distributed) return {.lut = width * ceilDiv(depth, 64)};
  return blockMemory(width, depth, p);
}

Resources windowBuffer(const Layer& layer, const Folding& folding, Style style,
                       const Parameters& p) {
  const Window& w = layer.window;
  Resources cost;
  if (style == Style::hls4ml) {
    // (k-1) shift registers a channel as long as a line, 32 bits of delay in a LUT.
    const std::int64_t bits = layer.cin * layer.inputBits;
    cost.lut = 100 + (w.kernelHeight - 1) * bits * ceilDiv(w.paddedWidth(), 32);
    cost.ff = w.taps() * bits;
    return cost;
  }
  const std::int64_t lanes =
      std::min(layer.kind == LayerKind::matrix ? folding.simd : folding.pe, layer.cin);
  const std::int64_t lines = w.kernelHeight > 1 ? w.kernelHeight + w.strideHeight : 1;
  const std::int64_t length =
      w.kernelHeight > 1 ? w.width : std::min(w.width, w.kernelWidth + w.strideWidth);
  const std::int64_t depth = ceilDiv(length * layer.cin, lanes);
  cost += memory(lanes * layer.inputBits, depth, p).times(lines);
  // Blocks of rows need addresses in three dimensions, a window that moves by pixels two counters.
  cost.lut += (p.windows == "rows" && w.kernelHeight > 1 ? 3 : 1) * p.unitLuts;
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
    case LayerKind::concat:
      // Words pass one input after the other: a selection of up to three inputs for each LUT.
      cost.lut = 100 + pe * layer.inputBits *
                           ceilDiv(static_cast<std::int64_t>(layer.producers.size()) - 1, 3);
      break;
    case LayerKind::softmax:
    case LayerKind::norm: {
      // Softmax: an exponential for each lane, one reciprocal, a product. Norm: a square, products
      // with the reciprocal root and the gain. A row waits between two passes.
      const bool norm = layer.kind == LayerKind::norm;
      const std::int64_t words = ceilDiv(layer.cin, pe), width = pe * layer.inputBits;
      cost.lut = 300 + 2 * width;
      cost.bram18 = tables(norm ? 1 : pe + 1);
      cost += multiplier(layer.inputBits, layer.inputBits, p).times((norm ? 3 : 1) * pe);
      cost += memory(width, words, p).times(layer.passes - 1 + (norm ? 1 : 0));
      break;
    }
    case LayerKind::matrix:
    case LayerKind::depthwise:
    case LayerKind::recurrent:
      throw std::logic_error("a layer of products is no plain unit");
    case LayerKind::elementwise:
      cost.lut = 100 + pe * 2 * layer.inputBits;
      if (layer.outputBits <= widestThresholds)
        cost.lut = 100 + pe * ((std::int64_t{1} << layer.outputBits) - 1) * layer.inputBits;
      else if (layer.tabled && layer.inputBits > 6)
        cost.bram18 = pe * bram18For(layer.outputBits, std::int64_t{1} << layer.inputBits);
  }
  cost.ff += scaled(cost.lut, p.ffPerLut.value.value);
  return cost;
}

Resources layerResources(const Layer& layer, const Folding& folding, Style style,
                         const Parameters& p) {
  Resources cost =
      layer.hasProducts() ? productUnit(layer, folding, style, p) : plainUnit(layer, folding, p);
  const bool product = layer.hasProducts() && layer.kind != LayerKind::recurrent;
  if (poolsByWindow(layer, style) || (product && !layer.window.isIdentity() && !layer.flattens()))
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

namespace {

/// Weights of more bits differ only in bits that no longer change the averages.
constexpr int mostBits = 16;

/// Non-zero digits of the canonical signed form.
int signedTerms(std::int64_t value) {
  std::int64_t n = std::abs(value);
  int terms = 0;
  for (; n != 0; n >>= 1) {
    if ((n & 1) == 0) continue;
    ++terms;
    n -= 2 - (n & 3);
  }
  return terms;
}

class Averages {
 public:
  void add(std::int64_t value, double weight) {
    all_ += weight;
    const int terms = signedTerms(value);
    if (terms > 0) nonZero_ += weight;
    if (terms >= termsForDsp)
      wide_ += weight;
    else
      terms_ += weight * terms;
  }
  ConstantWeights result() const {
    const double narrow = all_ - wide_;
    return {nonZero_ / all_, narrow > 0 ? terms_ / narrow : 0, wide_ / all_};
  }

 private:
  double all_ = 0, nonZero_ = 0, wide_ = 0, terms_ = 0;
};

ConstantWeights evenly(int bits) {
  Averages averages;
  const std::int64_t half = std::int64_t{1} << (bits - 1);
  for (std::int64_t v = -half; v < half; ++v) averages.add(v, 1);
  return averages.result();
}

}  // namespace

const ConstantWeights& evenWeights(int bits) {
  static const auto table = [] {
    std::array<ConstantWeights, mostBits + 1> all;
    for (int b = 1; b <= mostBits; ++b) all[static_cast<std::size_t>(b)] = evenly(b);
    return all;
  }();
  return table[static_cast<std::size_t>(std::clamp(bits, 1, mostBits))];
}

ConstantWeights normalWeights(int fractionBits, double deviation) {
  thread_local std::map<std::pair<int, double>, ConstantWeights> known;
  if (const auto at = known.find({fractionBits, deviation}); at != known.end()) return at->second;
  constexpr int samples = 4001;
  constexpr double widest = 4;  // standard deviations
  const double scale = deviation * std::exp2(std::min(fractionBits, mostBits));
  Averages averages;
  for (int i = 0; i < samples; ++i) {
    const double z = widest * (2 * (i + 0.5) / samples - 1);
    averages.add(static_cast<std::int64_t>(std::floor(z * scale)), std::exp(-0.5 * z * z));
  }
  if (known.size() > 4096) known.clear();
  return known[{fractionBits, deviation}] = averages.result();
}

}  // namespace wattlas::fpga
