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

}  // namespace

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
  const double levels = productLevels(layer) + sumLevels(layer);
  const double cycles = levels / additionsPerCycle(accumulatorOf(layer, Style::hls4ml), p);
  return std::max<std::int64_t>(static_cast<std::int64_t>(std::ceil(rounded(cycles))) - 1, 0);
}

Hertz reachableClock(double fill, const Parameters& p) {
  return p.maxClock.value * (1 - p.derating.value.value * std::clamp(fill, 0.0, 1.0));
}

}  // namespace wattlas::fpga
