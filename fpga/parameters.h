// Parameters of an FPGA that runs a network as one dataflow pipeline. One declaration (`bind`)
// reads them, prints their schema and lists them for sensitivity studies.
#pragma once

#include <map>
#include <string>

#include "models/base/parameter.h"

namespace wattlas::fpga {

/// Generator whose cycle and resource models are used.
enum class Style {
  finn,    ///< streaming matrix-vector units with PE x SIMD lanes
  hls4ml,  ///< layers with a reuse factor, one token a pixel
};
const char* nameOf(Style style);

/// How hls4ml builds a layer with products.
enum class Strategy {
  latency,      ///< everything unrolled, weights are constants of the logic
  resource,     ///< multipliers shared, weights in memories
  distributed,  ///< unrolled without multipliers: one graph of shared additions (da4ml)
};

/// Parallelism of one layer asked for by the user; 0 and "auto" = not given.
struct FoldingRequest {
  std::int64_t pe = 0, simd = 0;  ///< FINN: output and input lanes
  std::int64_t reuse = 0;         ///< hls4ml: multiplications that one multiplier does a result
  std::string strategy = "auto";  ///< hls4ml: latency, resource, distributed
  std::string products = "auto";  ///< where products are computed: dsp, lut, shift
  std::string weights = "auto";   ///< memory of the weights: distributed, block, ultra, streamed
  std::string pumping = "none";   ///< FINN: what runs at twice the clock: memory, products
};

/// One FPGA resource: what the device has and which share a design may fill.
struct Supply {
  std::int64_t total = 0;
  Sourced<Ratio> usable;
};

struct Parameters {
  std::string title = "FPGA dataflow", part = "unknown part";

  // Fabric.
  Supply lut, ff, dsp, bram36, uram;
  std::int64_t shellLut = 0, shellFf = 0, shellBram18 = 0;  ///< taken by the platform shell
  Sourced<Hertz> clock;
  Sourced<Hertz> maxClock;  ///< slowest of block RAM, DSP block and clock tree
  Sourced<Ratio>
      derating;  ///< share of maxClock that a routed design loses when the device is full

  // Memory outside the fabric, for inputs and results.
  Sourced<BitRate> memoryBandwidth;
  Sourced<Bits> memoryCapacity;
  Sourced<JoulesPerBit> memoryEnergy;
  std::int64_t dmaWidth = 64;  ///< bit a cycle
  Sourced<Hertz> dmaClock;     ///< of the DMA engines and their buses; 0 = the pipeline's

  // Host.
  Sourced<Seconds> callOverhead;    ///< of one call, what the next lines do not say
  Sourced<Ratio> callInstructions;  ///< the driver executes in one call
  Sourced<Ratio> cyclesPerInstruction;
  Sourced<Hertz> hostClock;
  Sourced<Ratio> registerAccesses;  ///< of the accelerator and its DMA engines in one call
  Sourced<Seconds> registerAccess;
  Sourced<Seconds> copyLatency;  ///< fixed part of a copy between host and board memory
  Sourced<Seconds> lineFlush;    ///< cache maintenance of one line of a buffer that a DMA shares
  std::int64_t lineBytes = 32;

  // Generator.
  std::string style = "auto";  ///< finn, hls4ml, auto
  FoldingRequest everywhere;   ///< for layers without a request of their own
  std::map<std::string, FoldingRequest> layers;
  std::int64_t targetCycles = 0;    ///< initiation interval to aim at; 0 = as fast as fits
  std::string fifoDepth = "auto";   ///< "auto" or a number of tokens
  std::int64_t fixedFifoDepth = 0;  ///< 0 = auto
  std::int64_t dspThreshold = 6;  ///< both operands have so many bits where a DSP block multiplies
  std::int64_t dspProduct = 16;   ///< ... and their product has so many
  bool dspPacking = false;        ///< several narrow products in one DSP block
  Sourced<Ratio> lutScale;        ///< FINN model: LUTs placed per LUT counted
  std::int64_t unitLuts = 300;    ///< FINN model: control LUTs of one unit
  Sourced<Ratio> ffPerLut;        ///< FINN: flip-flops per LUT
  Sourced<Ratio> lutFromHls;      ///< hls4ml: LUTs after synthesis per LUT counted by our model
  std::int64_t pixelCycles = 1;   ///< hls4ml: cycles of a line buffer for each pixel
  std::int64_t sourceCycles = 1;  ///< hls4ml: cycles of the input reader for each pixel
  std::string windows = "rows";   ///< FINN: a window generator waits for whole rows, or pixels
  std::string weightMemory = "unit";  ///< FINN: one memory for each PE, or one for all lanes
  Sourced<Seconds> adder = Seconds(0.59e-9),
                   adderBit = Seconds(22.5e-12);  ///< an addition: fixed, each bit
  Sourced<Seconds> multiplier = Seconds(2.4e-9);  ///< a product inside a DSP block

  // Power.
  Sourced<Watts> staticPower;  ///< programmable logic
  Sourced<Watts> boardPower;   ///< processing system, memory idle, regulators
  Sourced<Joules> lutLogic, lutRouting, ffClock, bramCycle, uramCycle, dspCycle;
  Sourced<Ratio> technology;  ///< factor on the coefficients (measured on 16 nm)
  Sourced<Ratio> toggleRate;  ///< share of signals that change in a busy cycle

  /// Of everything that decides designs and their resources but how fast the clock is compared with
  /// the memory: equal parameters share what is known about layers. Set when a device is made.
  Hash128 coefficients;

  /// Driver, DMA set-up and completion of one call; buffers apart.
  Seconds callTime() const;
  void bind(Binder& binder);
  /// `complete` is the tree that `bind` read, with defaults.
  static Hash128 coefficientsOf(ConfigNode complete);
};

/// Toggle rate at which the energy coefficients were reported (vendor tool default).
inline constexpr double reportedToggleRate = 0.125;

}  // namespace wattlas::fpga
