// Operators of a region as layers of a dataflow network: shapes, windows, bit widths, streams.
// Repeated operators are laid out one after the other, activations behind a matrix layer become its
// thresholds.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "fpga/parameters.h"
#include "fpga/pipeline.h"
#include "models/program.h"

namespace wattlas::fpga {

enum class LayerKind {
  matrix,
  depthwise,
  recurrent,
  pool,
  elementwise,
  add,
  concat,
  softmax,
  norm
};
/// Cells of recurrent layers.
enum class Cell { rnn, gru, lstm };

struct Layer {
  std::string name;
  LayerKind kind = LayerKind::matrix;
  std::int32_t op = 0;  ///< index into the region
  Window window;        ///< identity unless it is a convolution, pool or flattening
  std::int64_t cin = 1, cout = 1, groups = 1;
  std::int64_t evenShare = 0;  ///< largest word of a stream; 0 = all channels
  std::int64_t passes = 1;     ///< softmax, norm: times a row is gone through
  /// Tokens of the last producer, a second operand instead of weights: all of them are kept while
  /// the first operand's pass by. 0 = the layer has weights.
  std::int64_t operandTokens = 0;
  Cell cell = Cell::rnn;
  std::int64_t gates = 1, state = 0;  ///< recurrent: matrix rows for each output, fed-back values
  std::int64_t pixels = 1;            ///< tokens it takes a frame
  std::int64_t outPixels = 1;         ///< tokens it produces a frame
  int weightBits = 8, inputBits = 8, outputBits = 8;
  int accumulatorBits = 0;  ///< as the format says; 0 = so many that no sum overflows
  int weightFraction = -1;  ///< bits behind the point of fixed-point weights; -1 = plain integers
  double density = 1;       ///< share of weights that are not pruned
  bool binaryProducts = false;  ///< weights and inputs are -1/1: XNOR and population count
  bool ternaryWeights = false, powersOfTwo = false;
  bool thresholds = false;                   ///< requantises behind the products
  bool averages = false;                     ///< pool: adds instead of comparing
  bool tabled = false;                       ///< element-wise function from a table
  std::vector<std::int32_t> absorbed;        ///< region indices of operators that became thresholds
  std::vector<std::int32_t> producers;       ///< layers; -1 = input of the region
  std::vector<std::int64_t> inputTokenBits;  ///< for producers that are inputs of the region
  bool isOutput = false;                     ///< nothing in the region reads it

  /// Tokens a frame from its producer `i`.
  std::int64_t tokensFrom(std::size_t i) const {
    return operandTokens > 0 && i + 1 == producers.size() ? operandTokens : pixels;
  }
  bool hasProducts() const { return kind <= LayerKind::recurrent; }
  /// Inputs of one output (matrix width) and outputs of one group (matrix height).
  std::int64_t matrixWidth() const {
    if (kind == LayerKind::recurrent) return cin + state;
    return window.taps() * cin / groups;
  }
  std::int64_t rows() const { return cout * gates; }
  std::int64_t matrixHeight() const { return rows() / groups; }
  std::int64_t vectors() const { return outPixels; }
  std::int64_t weights() const { return matrixWidth() * rows(); }
  /// All pixels of the input become one vector (a fully connected layer behind an image).
  bool flattens() const {
    return kind == LayerKind::matrix && window.outPixels() == 1 && pixels > 1;
  }
};

struct Network {
  std::vector<Layer> layers;  ///< in topological order
  std::int64_t frames = 1;    ///< independent inferences of one program (batch)
};

/// Layers of a region, or the reason why it is no pipeline.
Expected<Network, Refusal> layersOf(const WorkItem& item);

// Parallelism of layers: which foldings are legal, what they cost in cycles, and the search that
// fills a device with a balanced pipeline.

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
