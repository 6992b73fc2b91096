// Kernel times measured on real DPUs against simulated cycles of the compiled-mix kernels.
#pragma once

#include <cstdint>
#include <vector>

#include "pim/dpu/exec/launch.h"
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

/// validation/upmem-hardware.csv. VA runs as the program that was measured (va-measured.s).
std::vector<HardwarePoint> readHardwarePoints(const SearchPath& path);

/// Runs every point with 16 tasklets at full size (nothing is extrapolated) and checks the results.
/// The DPUs of a launch are folded into one: equal work on data of equal statistics. BS queries
/// differ from DPU to DPU: its first and last DPU are run and the slower one counts. Points with
/// the same work per DPU share one run. Throws InputError when a kernel fails.
void simulate(std::vector<HardwarePoint>& points, KernelLibrary& library);

/// A row of validation/upmem-hardware-second.csv: one DPU, one launch, any number of tasklets.
struct TaskletPoint {
  PrimShare share;
  double kernelMs = 0, gate = -1;
  std::uint64_t cycles = 0;
};
/// Reads and runs them all. Throws InputError when a kernel fails.
std::vector<TaskletPoint> simulateTaskletPoints(const SearchPath& path, KernelLibrary& library);

/// Time of a benchmark whose host copies between launches, with the constants of a device, in ms.
double predictMs(const HardwarePoint& point, const LaunchModel& launch);

/// Mean and largest relative error of times against kernelMs.
struct ErrorFigures {
  double mean = 0, largest = 0;
  std::size_t points = 0;
};
ErrorFigures errorsOf(const std::vector<HardwarePoint>& points, PrimBenchmark benchmark,
                      const LaunchModel& launch);
/// The peer's errors on the same points.
ErrorFigures peerErrorsOf(const std::vector<HardwarePoint>& points, PrimBenchmark benchmark);

}  // namespace wattlas::dpu
