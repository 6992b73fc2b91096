// Operators of a region as layers of a dataflow network: shapes, windows, bit widths, streams.
// Repeated operators are laid out one after the other, activations behind a matrix layer become its
// thresholds.
#pragma once

#include <string>
#include <vector>

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
  std::int64_t macs() const { return weights() * outPixels; }
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

}  // namespace wattlas::fpga
