// Units that multiply: FINN's matrix-vector units and hls4ml's dense cores.
#include <algorithm>
#include <cmath>

#include "fpga/resources.h"
#include "models/base/multiples.h"

namespace wattlas::fpga {
namespace {

/// LUTs of an XNOR and its part of the population count (synthesised trees of 16 to 256 bits).
constexpr std::int64_t binaryProductLuts = 3;
/// Additions of three operands fit the LUTs of a carry chain: half a LUT for each added bit.
constexpr double lutsPerAddedBit = 0.5;
/// Shared subexpressions leave this part of the additions (da4ml: up to 30 % fewer LUTs).
constexpr double sharedAdditions = 0.7;
/// A wider one of two inputs, or one more input, of a k-to-1 selection: three inputs for each LUT.
std::int64_t selectLuts(std::int64_t inputs) {
  return ceilDiv(std::max<std::int64_t>(inputs - 1, 0), 3);
}

/// Products with a weight of one bit or three values select and negate the input.
bool selectsOnly(const Layer& layer) {
  return layer.ternaryWeights || layer.weightBits == 1;
}
/// LUTs of a multiplier (FINN-R).
std::int64_t multiplierLuts(std::int64_t a, std::int64_t b) {
  return (2 * ceilDiv(a + b, 6) - 1) * (a + b);
}
std::int64_t productBits(const Layer& layer) {
  if (selectsOnly(layer)) return layer.inputBits + 1;
  // A sign and the exponent: the input moves by up to 2^exponent - 1 places.
  if (layer.powersOfTwo) return layer.inputBits + (std::int64_t{1} << (layer.weightBits - 1));
  return layer.weightBits + layer.inputBits;
}
/// LUTs of one product with a weight from a memory: a multiplier, a selection, or a shifter of one
/// four-way selection for each two bits of the exponent. Additions negate.
std::int64_t productLuts(const Layer& layer) {
  if (selectsOnly(layer)) return layer.inputBits + (layer.ternaryWeights ? 1 : 0);
  if (layer.powersOfTwo) return productBits(layer) * ceilDiv(layer.weightBits - 1, 2);
  return multiplierLuts(layer.weightBits, layer.inputBits);
}
/// DSP blocks of one product (27 x 18 signed; parts of 26 x 17 behind the first).
std::int64_t dspOf(std::int64_t a, std::int64_t b) {
  return std::max<std::int64_t>(1, ceilDiv(std::max(a, b) - 1, 26)) *
         std::max<std::int64_t>(1, ceilDiv(std::min(a, b) - 1, 17));
}
/// The same with a constant, whose bits before the point are signs.
std::int64_t dspOfConstant(const Layer& layer) {
  const int bits = layer.weightFraction >= 0 ? std::min(layer.weightBits, layer.weightFraction + 1)
                                             : layer.weightBits;
  return dspOf(bits, layer.inputBits);
}
/// Weights that a unit keeps; of a second operand two, one that fills while the other is used.
std::int64_t keptWeights(const Layer& layer) {
  if (layer.operandTokens == 0) return layer.weights();
  return ceilDiv(2 * layer.operandTokens * layer.inputTokenBits.back(), layer.weightBits);
}
Resources weightMemory(std::int64_t width, std::int64_t depth, const Folding& f,
                       const Parameters& p) {
  if (f.weights == Memory::streamed) return {.ff = width};
  return f.pumping == Pumping::memory ? memory(ceilDiv(width, 2), 2 * depth, p, f.weights)
                                      : memory(width, depth, p, f.weights);
}
/// Registers of a product and of its place in the tree of additions, for each bit.
constexpr std::int64_t registersPerProductBit = 2;

/// Rounding behind the products: comparisons with every step, or a multiplication by the scale.
Resources thresholds(const Layer& layer, const Folding& f, std::int64_t acc, std::int64_t& lane,
                     const Parameters& p) {
  if (!layer.thresholds) return {};
  if (layer.outputBits <= widestThresholds) {
    const std::int64_t steps = (std::int64_t{1} << layer.outputBits) - 1;
    lane += steps * acc * ceilDiv(ceilDiv(layer.cout, f.pe), 64) + steps * acc;
    return {};
  }
  lane += acc + layer.outputBits;
  if (p.dsp.total > 0 && f.products != Products::lut) return {.dsp = f.pe};
  lane += 4 * acc;  // a scale of eight bits as additions of three operands
  return {};
}

Resources finnUnit(const Layer& layer, const Folding& f, const Parameters& p) {
  const std::int64_t acc = accumulatorOf(layer, Style::finn);
  const std::int64_t lanes = f.pe * f.simd;
  Resources cost;
  std::int64_t products = 0,
               lane = acc;  // LUTs of the products of a PE, and of what is behind them
  if (layer.binaryProducts) {
    products = scaled(binaryProductLuts * f.simd, 1 / std::max(p.lutScale.value.value, 0.01));
    cost.ff = registersPerProductBit * lanes;
  } else {
    products = productBits(layer) * (2 * f.simd - 1);
    cost.ff = registersPerProductBit * productBits(layer) * lanes;
    if (usesDsp(layer, f.products, p)) {
      const std::int64_t widest = std::max(layer.weightBits, layer.inputBits);
      const std::int64_t packed = !p.dspPacking || widest > 8 ? 1 : widest <= 4 ? 4 : 2;
      cost.dsp = packed > 1 ? ceilDiv(f.pe, packed) * f.simd
                            : lanes * dspOf(layer.weightBits, layer.inputBits);
      if (f.pumping == Pumping::products) cost.dsp = ceilDiv(cost.dsp, 2);
    } else {
      products += f.simd * productLuts(layer);
    }
  }
  cost += thresholds(layer, f, acc, lane, p);
  cost.lut = p.unitLuts + scaled(f.pe * (products + lane), p.lutScale.value.value);
  cost.ff += scaled(p.unitLuts + f.pe * lane, p.ffPerLut.value.value);
  const std::int64_t depth = ceilDiv(keptWeights(layer), lanes);
  if (p.weightMemory == "unit")
    cost += weightMemory(f.simd * layer.weightBits, depth, f, p).times(f.pe);
  else
    cost += weightMemory(lanes * layer.weightBits, depth, f, p);
  return cost;
}

/// All products at once, weights as constants.
Resources unrolled(const Layer& layer, const Folding& f, Strategy strategy, const Parameters& p) {
  const double acc = static_cast<double>(accumulatorOf(layer, Style::hls4ml));
  const double outputs = static_cast<double>(layer.rows());
  const double products =
      static_cast<double>(layer.weights()) * std::clamp(layer.density, 0.0, 1.0);
  const ConstantWeights w = constantsOf(layer);
  const bool dsp = strategy != Strategy::distributed && usesDsp(layer, f.products, p);
  const double wide = dsp ? w.wide : 0;
  // Without DSP blocks the wide ones are additions as well.
  const double terms = (1 - w.wide) * w.terms + (dsp ? w.wide : w.wide * (termsForDsp + 0.5));
  double additions = products * terms - outputs;
  if (strategy == Strategy::distributed) additions *= sharedAdditions;
  // Products behind multipliers that are functions of their own are added two by two.
  if (strategy == Strategy::resource) additions += products * (w.nonZero - wide);

  Resources cost;
  cost.lut = wholeBelow(std::max(additions, 0.0) * acc * lutsPerAddedBit);
  cost.dsp = wholeBelow(std::ceil(products * wide)) * dspOfConstant(layer);
  const double registered = partialSums(layer, p) * products * acc;
  double ff = static_cast<double>(layer.matrixWidth() * layer.inputBits) + registered;
  if (strategy == Strategy::resource) {
    // Outputs instead of inputs, and each pair of products of which one comes from a DSP block.
    const double none = (1 - wide) * (1 - wide);
    ff = outputs * acc + none * registered + products * (1 - none) * acc * 0.575;
  }
  if (f.reuse > 1) {
    // Multipliers are shared: results wait in registers, and only DSP blocks are shared at all.
    cost.dsp = std::min(cost.dsp, std::max<std::int64_t>(ceilDiv(layer.weights(), f.reuse), 1));
    if (cost.dsp > 0) ff = products * acc * 0.75;
  }
  cost.ff = wholeBelow(ff);
  return cost;
}

/// Multipliers that take the weights of their turn from a memory.
Resources shared(const Layer& layer, const Folding& f, const Parameters& p) {
  const std::int64_t block = lanesOf(layer, f, Style::hls4ml);
  const std::int64_t inputs = layer.matrixWidth();
  const std::int64_t acc = accumulatorOf(layer, Style::hls4ml);
  Resources cost;
  std::int64_t luts = block * acc;
  if (usesDsp(layer, f.products, p))
    cost.dsp = block * dspOf(layer.weightBits, layer.inputBits);
  else
    luts += block * productLuts(layer);
  // Each turn selects its inputs, and its outputs when it does not serve all of them.
  const std::int64_t selected = std::max<std::int64_t>(inputs / f.reuse, 1);
  luts += selected * layer.inputBits * selectLuts(std::min(f.reuse, inputs));
  if (f.reuse > inputs) luts += 2 * layer.rows() * acc;
  if (layer.thresholds) luts += layer.cout * acc;  // rounding and clipping
  cost.lut = p.unitLuts + scaled(luts, p.lutFromHls.value.value);
  // Fit of 871 syntheses of dense layers (MAPE 3.3 %): accumulators (of 16 bits there) and the
  // weights read.
  cost.ff = wholeBelow(135 - 3.6 * static_cast<double>(block) +
                       16.6 / 16 * static_cast<double>(layer.rows() * acc) +
                       1.31 * static_cast<double>(block * layer.weightBits));
  const std::int64_t width = block * layer.weightBits,
                     depth = layer.operandTokens > 0 ? ceilDiv(keptWeights(layer), block) : f.reuse;
  const bool inLuts =
      f.weights == Memory::distributed || (f.weights == Memory::any && f.reuse <= 64);
  if (inLuts)
    cost.lut += width * ceilDiv(depth, 64);
  else if (f.weights == Memory::ultra)
    cost += memory(width, depth, p, Memory::ultra);
  else
    cost.bram18 = ceilDiv(width, 36) * ceilDiv(depth, 512);
  return cost;
}

/// What is behind the matrix of a recurrent layer: look-up tables, products of gates, additions,
/// the state.
Resources gates(const Layer& layer, const Parameters& p) {
  const std::int64_t acc = accumulatorOf(layer, Style::hls4ml), n = layer.cout;
  std::int64_t lookUps = 1, products = 0, sums = 1, states = 1;  // a cell
  if (layer.cell == Cell::gru) lookUps = 3, products = 2, sums = 4;
  if (layer.cell == Cell::lstm) lookUps = 5, products = 3, sums = 2, states = 2;
  Resources cost;
  cost.bram18 = tables(lookUps * n);
  cost.ff = n * (states + products) * acc;
  cost.lut = n * sums * acc;
  cost += multiplier(layer.inputBits, layer.inputBits, p).times(n * products);
  return cost;
}

}  // namespace

bool usesDsp(const Layer& layer, Products products, const Parameters& p) {
  if (layer.binaryProducts || selectsOnly(layer) || layer.powersOfTwo || p.dsp.total == 0)
    return false;
  if (products != Products::byWidth) return products == Products::dsp;
  return multipliesInDsp(layer.weightBits, layer.inputBits, p);
}

Resources multiplier(std::int64_t a, std::int64_t b, const Parameters& p) {
  if (multipliesInDsp(a, b, p)) return {.dsp = dspOf(a, b)};
  return {.lut = multiplierLuts(a, b)};
}

ConstantWeights constantsOf(const Layer& layer) {
  if (layer.powersOfTwo) return {};
  if (layer.weightFraction < 0) return evenWeights(layer.weightBits);
  const double fans = static_cast<double>(layer.matrixWidth() + layer.matrixHeight());
  return normalWeights(layer.weightFraction, std::sqrt(2 / fans));
}

std::int64_t accumulatorOf(const Layer& layer, Style style) {
  if (layer.accumulatorBits > 0) return layer.accumulatorBits;
  if (style == Style::hls4ml) return std::max({16, layer.weightBits, layer.inputBits});
  const std::int64_t weight =
      layer.powersOfTwo ? productBits(layer) - layer.inputBits : std::int64_t{layer.weightBits};
  return accumulatorBits(layer.matrixWidth(), static_cast<int>(weight), layer.inputBits);
}

std::int64_t accumulatorBits(std::int64_t matrixWidth, int weightBits, int inputBits) {
  const double alpha = std::log2(static_cast<double>(matrixWidth)) + weightBits + inputBits - 2;
  // Rounded first: the last bit of log2 must not decide about a bit of hardware.
  const double bits = rounded(alpha + std::log2(1 + std::exp2(-alpha)) + 1);
  const std::int64_t widest = weightBits + inputBits > 32 ? 64 : 32;
  return std::min<std::int64_t>(widest, static_cast<std::int64_t>(std::ceil(bits)));
}

Resources productUnit(const Layer& layer, const Folding& folding, Style style,
                      const Parameters& p) {
  if (style == Style::finn) return finnUnit(layer, folding, p);
  const Strategy strategy = strategyOf(folding);
  const bool turns = strategy == Strategy::resource && folding.reuse > 1;
  Resources cost = turns || layer.operandTokens > 0 ? shared(layer, folding, p)
                                                    : unrolled(layer, folding, strategy, p);
  if (layer.kind == LayerKind::recurrent) cost += gates(layer, p);
  return cost;
}

}  // namespace wattlas::fpga
