#include "fpga/timing.h"

#include <algorithm>
#include <cmath>

#include "fpga/constant_weights.h"
#include "fpga/resources.h"

namespace wattlas::fpga {
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
