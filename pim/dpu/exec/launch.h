// What a launch costs beyond the cycles of the program: the host's call and the slower real clock.
#pragma once

#include <cstdint>

namespace wattlas::dpu {

/// The values are those of a device file (`host.launch*`, `dpu.stretch`); see docs/dpu.md.
struct LaunchModel {
  double firstS = 128.1e-6;      ///< call of the host to its return, within one rank
  double againShare = 0.4;       ///< of firstS, for a launch straight after another: see time()
  double perRankS = 2e-6;        ///< each further rank
  double clockFactor = 1.00902;  ///< effective clock = nominal clock / clockFactor

  /// Launches in a row of `kernelS` seconds each at the nominal clock. The host owns the MRAM banks
  /// whenever it copies: before a launch it hands every bank to its DPU (most of `firstS`), then it
  /// boots and polls. A launch that follows another without a copy to or from MRAM in between finds
  /// the banks with the DPUs and pays `againShare`. `copiesBetween`: the host copies, so every
  /// launch pays in full.
  double time(double kernelS, std::int64_t launches = 1, bool copiesBetween = false,
              std::int64_t ranks = 1) const {
    const auto n = static_cast<double>(launches);
    const double first = firstS + perRankS * static_cast<double>(ranks - 1);
    return n * clockFactor * kernelS + first * (copiesBetween ? n : 1 + (n - 1) * againShare);
  }
};

}  // namespace wattlas::dpu
