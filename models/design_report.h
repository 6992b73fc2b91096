// What a device says about hardware that it built for a program: fabric, intervals, and how each
// operator is laid out. Plain data, part of Program and RunResult; empty for fixed hardware.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace wattlas {

/// One kind of fabric: look-up tables, flip-flops, DSP blocks, memories.
struct FabricUse {
  std::string name;   ///< key in results: lut, ff, dsp, bram18, uram
  double used = 0;    ///< by the design with its shell
  double shell = 0;   ///< of that, by the platform shell
  double usable = 0;  ///< that designs fill before routing gets hard
  double total = 0;   ///< on the device
};

/// How one operator of the region was built, by the keys of `operators[]`: pe, simd, reuse,
/// ii_cycles, fifo_depth, and its part of the fabric.
struct OperatorDesign {
  std::vector<std::pair<std::string, double>> numbers;
  std::string why;  ///< who decided about the parallelism
};

/// A stream between two layers.
struct StreamDesign {
  std::string name;
  double depth = 0;      ///< tokens (pixels with all channels)
  double peak = 0;       ///< that one inference fills when the stream is never full
  double tokenBits = 0;  ///< information of a token
  double wordBits = 0;   ///< width of the stream
};

struct DesignReport {
  std::vector<FabricUse> fabric;
  double iiCycles = 0;        ///< between two results of a full pipeline; 0 = nothing was built
  double latencyCycles = 0;   ///< from the first input to the last result of one inference
  double throughputPerS = 0;  ///< inferences in steady state
  std::string bottleneck;     ///< operator that sets the interval
  std::vector<OperatorDesign> operators;  ///< by index into the region; only when asked for

  std::vector<StreamDesign> streams;  ///< only when asked for

  bool empty() const { return fabric.empty(); }
  /// Another design on the same device at the same time.
  void join(const DesignReport& other);
  double used(const std::string& name) const;  ///< NaN when there is no such fabric
};

}  // namespace wattlas
