// Kernel times measured on real DPUs against simulated cycles of the compiled-mix kernels.
#pragma once

#include <cstdint>
#include <vector>

#include "pim/dpu/kernels/prim.h"

namespace wattlas::dpu {

struct HardwarePoint {
  PrimBenchmark benchmark = PrimBenchmark::va;
  unsigned dpus = 1;
  std::uint64_t parameter = 0;  ///< as PrimShare
  double kernelMs = 0;          ///< measured, all launches
  double peerMs = 0;            ///< of the public simulator uPIMulator
  std::uint64_t cycles = 0;     ///< simulated, one launch, slowest DPU; 0 = not simulated yet
};

/// validation/upmem-hardware.csv.
std::vector<HardwarePoint> readHardwarePoints(const SearchPath& path);

/// Runs every point with 16 tasklets at full size (nothing is extrapolated) and checks the results.
/// The DPUs of a launch are folded into one: equal work on data of equal statistics. BS queries
/// differ from DPU to DPU: its first and last DPU are run and the slower one counts. Points with
/// the same work per DPU share one run. Throws InputError when a kernel fails.
void simulate(std::vector<HardwarePoint>& points, KernelLibrary& library);

/// Time of a benchmark = launches * (launchMs + clockFactor * cycles / 350 MHz).
struct LaunchFit {
  double launchMs = 0;     ///< from the host's call to its return, beside the kernel
  double clockFactor = 1;  ///< common to all kernels: effective clock 350 MHz / clockFactor
  double predictMs(const HardwarePoint& point) const;
};

/// True for the benchmarks that the fit may see: GEMV, RED, HST-S.
bool isFitted(PrimBenchmark benchmark);

/// Least squares of the relative errors over the points of the fitted benchmarks: two unknowns,
/// closed form. The third parameter of the set, the occupancy of the DMA engine, is not fitted:
/// these three kernels are bound by issue and do not determine it (a test shows that halving it
/// changes their times by less than the error left), so it keeps the value of the timing rules.
LaunchFit fitLaunch(const std::vector<HardwarePoint>& points);

/// Mean and largest relative error of times against kernelMs.
struct ErrorFigures {
  double mean = 0, largest = 0;
  std::size_t points = 0;
};
ErrorFigures errorsOf(const std::vector<HardwarePoint>& points, PrimBenchmark benchmark,
                      const LaunchFit& fit);
/// The peer's errors on the same points.
ErrorFigures peerErrorsOf(const std::vector<HardwarePoint>& points, PrimBenchmark benchmark);

}  // namespace wattlas::dpu
