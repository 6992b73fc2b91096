// Resources of the units of a pipeline, by the generators' published models (docs of the formulas
// in each function; checked against synthesis in tests/fpga).
#pragma once

#include <optional>
#include <string>

#include "fpga/layer.h"
#include "fpga/parameters.h"

namespace wattlas::fpga {

// What multiplying by constants costs when every weight is part of the logic: a weight is a sum of
// few signed powers of two, each an addition of the shifted input. The values of a network are not
// known before training, so their distribution is assumed.

/// Averages over the weights of a layer, zeros included.
struct ConstantWeights {
  double nonZero = 1;  ///< share of weights that are not zero
  double terms = 1;    ///< signed powers of two of a weight that logic multiplies by
  double wide = 0;     ///< share of weights with so many powers of two that a DSP block pays
};

/// Signed powers of two of the weights from which synthesis takes a DSP block (Vivado HLS).
inline constexpr int termsForDsp = 4;

/// Integers of `bits` bits that use their whole range evenly (quantisation-aware training).
const ConstantWeights& evenWeights(int bits);
/// Fixed point with `fractionBits`: normal around zero with the standard deviation of Glorot's
/// initialisation, sqrt(2 / (inputs + outputs)), cut off downwards as ap_fixed does.
ConstantWeights normalWeights(int fractionBits, double deviation);

/// A share of a count, rounded down; what rounding left below a whole number counts as it.
std::int64_t wholeBelow(double count);
std::int64_t scaled(std::int64_t count, double factor);

/// 18 Kibit block RAMs of a memory (width x depth aspect ratios of the 7-series and UltraScale+).
std::int64_t bram18For(std::int64_t width, std::int64_t depth);
/// A memory where it costs the smallest share of the device: block RAM, UltraRAM, or whole
/// UltraRAMs with block RAM for the rest.
Resources blockMemory(std::int64_t width, std::int64_t depth, const Parameters& p);
/// A memory of a generator: LUTs while it is small, blocks above, or what was asked for.
Resources memory(std::int64_t width, std::int64_t depth, const Parameters& p,
                 Memory kind = Memory::any);
/// Bits of an accumulator over `matrixWidth` products that cannot overflow.
std::int64_t accumulatorBits(std::int64_t matrixWidth, int weightBits, int inputBits);
/// Bits of a layer's accumulator: as its format says; otherwise as above (FINN), or the generator's
/// default of 16 bits, more for wider operands (hls4ml).
std::int64_t accumulatorOf(const Layer& layer, Style style);
/// Averages over the weights of a layer that is unrolled.
ConstantWeights constantsOf(const Layer& layer);
/// Whether products of a layer go into DSP blocks.
bool usesDsp(const Layer& layer, Products products, const Parameters& p);

/// A multiplier of two variables where the tools put it by width.
Resources multiplier(std::int64_t a, std::int64_t b, const Parameters& p);
/// Block RAMs of look-up tables of 1,024 values of 18 bits (the generators' default) for so many
/// reads at once: two a table.
std::int64_t tables(std::int64_t reads);

/// Requantisation by comparing with every step pays up to this width; wider outputs multiply.
inline constexpr int widestThresholds = 4;

/// Matrix or depthwise unit with its weights and thresholds.
Resources productUnit(const Layer& layer, const Folding& folding, Style style, const Parameters& p);
/// Line buffer with window generator.
Resources windowBuffer(const Layer& layer, const Folding& folding, Style style,
                       const Parameters& p);
/// Pools, additions, functions of single values.
Resources plainUnit(const Layer& layer, const Folding& folding, const Parameters& p);
/// All units of a layer, without its FIFOs.
Resources layerResources(const Layer& layer, const Folding& folding, Style style,
                         const Parameters& p);
/// A stream of `words` words.
Resources fifo(std::int64_t words, std::int64_t width);
/// A DMA engine.
Resources dmaEngine();

// Logic delay against the clock: how many cycles additions and products take when a tool places
// registers, and which clocks a device reaches.

/// Share of the period that HLS plans with; the rest is its margin for routing.
inline constexpr double plannedShare = 0.875;

/// hls4ml resource strategy: latency of a dense layer is its reuse factor + 2 (830 of 871
/// syntheses; + 1 in the others).
inline constexpr std::int64_t hlsLatency = 2;

/// Whether tools put a product of such widths into DSP blocks.
bool multipliesInDsp(std::int64_t a, std::int64_t b, const Parameters& p);
/// Cycles of a product of two variables behind a register; 0 where LUTs compute it, which chain
/// with what follows.
std::int64_t productCycles(std::int64_t a, std::int64_t b, const Parameters& p);
/// Additions of `bits` bits that follow each other within one cycle.
double additionsPerCycle(std::int64_t bits, const Parameters& p);
/// Registered partial sums for each product of an unrolled layer; 0 when it needs no register.
double partialSums(const Layer& layer, const Parameters& p);
/// Cycles from the input to the output of an unrolled layer, beside the one that starts it.
std::int64_t unrolledLatency(const Layer& layer, const Parameters& p);

/// Highest clock of a design that fills `fill` of the device's LUTs.
Hertz reachableClock(double fill, const Parameters& p);

}  // namespace wattlas::fpga
