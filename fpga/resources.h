// Resources of the units of a pipeline, by the generators' published models (docs of the formulas
// in each function; checked against synthesis in tests/fpga).
#pragma once

#include "fpga/folding.h"

namespace wattlas::fpga {

/// 18 Kibit block RAMs of a memory (width x depth aspect ratios of the 7-series and UltraScale+).
std::int64_t bram18For(std::int64_t width, std::int64_t depth);
/// A memory where it costs the smallest share of the device: block RAM or UltraRAM.
Resources blockMemory(std::int64_t width, std::int64_t depth, const Parameters& p);
/// Bits of an accumulator over `matrixWidth` products that cannot overflow.
std::int64_t accumulatorBits(std::int64_t matrixWidth, int weightBits, int inputBits);

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
