// Parallelism of layers: which foldings are legal, what they cost in cycles, and the search that
// fills a device with a balanced pipeline.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "fpga/layer.h"
#include "fpga/parameters.h"

namespace wattlas::fpga {

/// Where products are computed: as the tools do by width, or on purpose.
enum class Products : std::uint8_t { byWidth, dsp, lut };
/// Memory of the weights.
enum class Memory : std::uint8_t { any, distributed, block, ultra, streamed };
/// What runs at twice the clock of the pipeline.
enum class Pumping : std::uint8_t { none, memory, products };

/// Parallelism of one layer. FINN: pe x simd lanes. hls4ml: `reuse` results per multiplier (then
/// pe = simd = 1). Layers without products use `pe` channels in parallel.
struct Folding {
  std::int64_t pe = 1, simd = 1, reuse = 1;
  Products products = Products::byWidth;
  Memory weights = Memory::any;
  Pumping pumping = Pumping::none;
  std::optional<Strategy> strategy = {};  ///< hls4ml; nothing = strategyOf() decides
  bool operator==(const Folding&) const = default;
};
/// What was asked for a layer (copies share their operator's name), or for all layers; `own`: for
/// this one.
const FoldingRequest& requestFor(const std::string& layer, const Parameters& p,
                                 bool* own = nullptr);
/// Latency at reuse 1, resource above, unless one was asked for.
Strategy strategyOf(const Folding& folding);

/// Cycles of a layer's units for one token each; 0 = the layer has no such unit.
struct Services {
  std::int64_t writer = 0;   ///< line buffer, per padded pixel
  std::int64_t reader = 0;   ///< window generator, per window
  std::int64_t unit = 1;     ///< arithmetic, per vector or pixel
  std::int64_t window = 0;   ///< scan units: more cycles of a complete window
  std::int64_t operand = 0;  ///< writer of a second operand, per token
};
/// Pools of FINN that compare as pixels come: whole images, and largest values of windows that do
/// not overlap. Others take windows from a generator as convolutions do.
bool poolsByWindow(const Layer& layer, Style style);
Services servicesOf(const Layer& layer, const Folding& folding, Style style, const Parameters& p);
/// Initiation interval of a layer for one frame: its busiest unit.
std::int64_t layerCycles(const Layer& layer, const Folding& folding, Style style,
                         const Parameters& p);
/// Multipliers (or XNOR lanes) of a layer with products.
std::int64_t lanesOf(const Layer& layer, const Folding& folding, Style style);

/// FINN: pe divides the outputs of a group, simd its inputs, and words of the stream hold equal
/// shares of the channels.
bool isLegalFinn(const Layer& layer, std::int64_t pe, std::int64_t simd);
/// hls4ml: reuse divides nIn x nOut, and either divides the inputs' share evenly or is a multiple
/// of nIn.
bool isLegalReuse(std::int64_t nIn, std::int64_t nOut, std::int64_t reuse);
/// The legal reuse factor nearest to `wanted` (smaller one of two), after clipping to nIn x nOut.
std::int64_t nearestReuse(std::int64_t nIn, std::int64_t nOut, std::int64_t wanted);

/// What a design may use: total x usable - shell.
Resources budgetOf(const Parameters& p);
/// All that a design can take however hard it is to route: total - shell.
Resources fabricOf(const Parameters& p);
/// The first resource that does not fit: "BRAM18: needs 512, available 224"; nothing if all do.
std::optional<std::string> shortfall(const Resources& need, const Resources& budget,
                                     const Parameters& p);

/// One way to build a layer.
struct FoldingChoice {
  Folding folding;
  std::int64_t cycles = 0;  ///< of the layer, for one frame
  Resources cost;
  double weight = 0;  ///< shares of the device's resources, added up
};
/// Ways to build a layer: fewer cycles cost more. Without products `other` is empty.
struct LayerChoices {
  std::vector<FoldingChoice> usual;  ///< products where the tools put them by width
  std::vector<FoldingChoice> other;  ///< products in LUTs instead of DSP blocks, or the reverse
};
/// Choices of layers that were looked at before, by everything that decides them.
using FoldingMemory = std::unordered_map<Hash128, LayerChoices, Hash128Hasher>;

/// Foldings of all layers: requested ones are kept, others chosen so that the slowest layer is as
/// fast as the device allows (or as `targetCycles` asks) and no layer is larger than that needs.
Expected<std::vector<Folding>, Refusal> chooseFoldings(const Network& network, Style style,
                                                       const Parameters& p, const Resources& budget,
                                                       FoldingMemory& memory);

}  // namespace wattlas::fpga
