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

/// Parallelism of one layer asked for by the user; 0 = not given.
struct FoldingRequest {
  std::int64_t pe = 0, simd = 0;  ///< FINN: output and input lanes
  std::int64_t reuse = 0;         ///< hls4ml: multiplications that one multiplier does a result
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

  // Memory outside the fabric, for inputs and results.
  Sourced<BitRate> memoryBandwidth;
  Sourced<Bits> memoryCapacity;
  Sourced<JoulesPerBit> memoryEnergy;
  std::int64_t dmaWidth = 64;  ///< bit a cycle

  // Host.
  Sourced<Seconds> callOverhead;  ///< driver, DMA set-up and completion of one call
  Sourced<Seconds> copyLatency;   ///< fixed part of a copy between host and board memory

  // Generator.
  std::string style = "auto";  ///< finn, hls4ml, auto
  FoldingRequest everywhere;   ///< for layers without a request of their own
  std::map<std::string, FoldingRequest> layers;
  std::int64_t targetCycles = 0;    ///< initiation interval to aim at; 0 = as fast as fits
  std::string fifoDepth = "auto";   ///< "auto" or a number of tokens
  std::int64_t fixedFifoDepth = 0;  ///< 0 = auto
  std::int64_t dspThreshold = 8;    ///< operands of at least so many bits multiply in DSP blocks
  bool dspPacking = false;          ///< several narrow products in one DSP block
  Sourced<Ratio> lutScale;          ///< FINN model: LUTs placed per LUT counted
  std::int64_t unitLuts = 300;      ///< FINN model: control LUTs of one unit
  Sourced<Ratio> ffPerLut;          ///< FINN: flip-flops per LUT
  Sourced<Ratio> lutFromHls;        ///< hls4ml: LUTs after synthesis per LUT counted by our model
  std::int64_t pixelCycles = 1;     ///< hls4ml: cycles of a line buffer for each pixel
  std::int64_t sourceCycles = 1;    ///< hls4ml: cycles of the input reader for each pixel

  // Power.
  Sourced<Watts> staticPower;  ///< programmable logic
  Sourced<Watts> boardPower;   ///< processing system, memory idle, regulators
  Sourced<Joules> lutLogic, lutRouting, ffClock, bramCycle, uramCycle, dspCycle;
  Sourced<Ratio> technology;  ///< factor on the coefficients (measured on 16 nm)
  Sourced<Ratio> toggleRate;  ///< share of signals that change in a busy cycle

  /// Of everything that decides designs and their resources but how fast the clock is compared with
  /// the memory: equal parameters share what is known about layers. Set when a device is made.
  Hash128 coefficients;

  void bind(Binder& binder);
  /// `complete` is the tree that `bind` read, with defaults.
  static Hash128 coefficientsOf(ConfigNode complete);
};

/// Toggle rate at which the energy coefficients were reported (vendor tool default).
inline constexpr double reportedToggleRate = 0.125;

}  // namespace wattlas::fpga
