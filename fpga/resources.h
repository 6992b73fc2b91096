// Resources of the units of a pipeline, by the generators' published models (docs of the formulas
// in each function; checked against synthesis in tests/fpga).
#pragma once

#include "fpga/constant_weights.h"
#include "fpga/folding.h"

namespace wattlas::fpga {

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

}  // namespace wattlas::fpga
