// Kernels of several CUDA streams beside each other: what one leaves of the SMs, of device memory,
// of L2 and below the power limit, the others use.
#pragma once

#include <array>
#include <vector>

#include "gpu/kernel.h"
#include "gpu/parameters.h"

namespace wattlas::gpu {

/// A kernel and how long it takes with the chip to itself.
struct StreamWork {
  double seconds = 0;
  /// Shares of SMs, device memory, L2 and power that it uses then, 0..1.
  std::array<double, 4> use{};
};
StreamWork streamWork(const Parameters& p, const Kernel& kernel, double seconds);

struct StreamRun {
  double seconds = 0;
  std::int64_t steps = 0;
};
/// Runs the streams from their first kernels on; within a stream one follows the other. Between two
/// ends of kernels all run as fast as equal progress on the scarcest resource allows.
StreamRun runStreams(const std::vector<std::vector<StreamWork>>& streams);

}  // namespace wattlas::gpu
