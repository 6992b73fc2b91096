// Parameters of an overlay: a fixed array in an FPGA that takes layer after layer as instructions,
// with weights and feature maps that stream from the board's memory.
#pragma once

#include <string>

#include "models/base/parameter.h"

namespace wattlas::fpga {

struct OverlayParameters {
  std::string title = "FPGA overlay", part = "unknown part";
  std::int64_t cores = 1;  ///< each works on an inference of its own
  Sourced<Hertz> clock;
  // Products a core and cycle: pixels (rows of a matrix product) x inputs x outputs.
  std::int64_t pixels = 1, inputs = 1, outputs = 1;
  bool augmented = false;  ///< few input channels: neighbours in a row of the kernel fill the lanes
  std::int64_t rowPixels = 0;  ///< rows that a pass over weights takes at least; 0 = no limit
  std::int64_t depthwisePixels = 1, depthwiseChannels = 0;  ///< 0 channels = none
  std::int64_t lanes = 1;                                   ///< element-wise results, pooled inputs
  std::int64_t mostBits = 8;                                ///< of weights and activations
  bool ternaryOnly = false;  ///< products by table look-up: weights of three values
  bool sequences = false;  ///< attention, norms, rotary embeddings and tables in logic of their own
  Sourced<Seconds> layerTime;   ///< fetch and start of the instructions of a layer, pipeline fill
  Sourced<Bits> featureBuffer;  ///< of a core: feature maps that fit stay on the chip
  Sourced<BitRate> port;        ///< a core's ports to the board's memory
  Sourced<BitRate> bandwidth;   ///< of the board's memory, all cores
  Sourced<Ratio> efficiency;    ///< of port and memory with bursts of weights
  Sourced<Bits> capacity;
  Sourced<JoulesPerBit> memoryEnergy;
  Sourced<Seconds> callTime;  ///< run-time library, cache maintenance and interrupt of an inference
  Sourced<Joules> product;    ///< one product with its share of buffers and control
  Sourced<Watts> standing;    ///< board with processing system, clocked overlay
  // Fabric of the overlay, as published.
  std::int64_t lut = 0, ff = 0, dsp = 0, bram18 = 0, uram = 0;
  std::int64_t boardLut = 0, boardFf = 0, boardDsp = 0, boardBram18 = 0, boardUram = 0;

  void bind(Binder& binder);
};

}  // namespace wattlas::fpga
