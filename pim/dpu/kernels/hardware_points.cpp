#include "pim/dpu/kernels/hardware_points.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "models/base/error.h"
#include "pim/dpu/kernels/csv.h"

namespace wattlas::dpu {

namespace {

constexpr double kClockHz = 350e6;

std::uint64_t cyclesOf(const PrimShare& share, KernelLibrary& library) {
  const PrimRun run = runPrim(share, library);
  if (!run.problem.empty()) throw InputError("kernel failed: " + run.problem);
  return run.result.cycles;
}

template <class Time>
ErrorFigures figures(const std::vector<HardwarePoint>& points, PrimBenchmark benchmark, Time time) {
  ErrorFigures f;
  for (const auto& p : points) {
    if (p.benchmark != benchmark) continue;
    const double error = std::abs(time(p) / p.kernelMs - 1);
    f.mean += error;
    f.largest = std::max(f.largest, error);
    ++f.points;
  }
  if (f.points > 0) f.mean /= static_cast<double>(f.points);
  return f;
}

}  // namespace

std::vector<HardwarePoint> readHardwarePoints(const SearchPath& path) {
  std::vector<HardwarePoint> points;
  for (const auto& row : readTable(path, "validation/upmem-hardware.csv", 5)) {
    HardwarePoint p;
    p.benchmark = primBenchmark(row[0]);
    p.dpus = static_cast<unsigned>(numberOf(row[1]));
    p.parameter = static_cast<std::uint64_t>(numberOf(row[2]));
    p.kernelMs = numberOf(row[3]);
    p.peerMs = numberOf(row[4]);
    points.push_back(p);
  }
  return points;
}

void simulate(std::vector<HardwarePoint>& points, KernelLibrary& library) {
  using Key = std::tuple<PrimBenchmark, std::uint64_t, std::uint64_t>;
  std::map<Key, std::uint64_t> known;
  for (auto& p : points) {
    PrimShare share;
    share.benchmark = p.benchmark;
    share.parameter = p.parameter;
    share.dpus = p.dpus;
    if (p.benchmark == PrimBenchmark::va) share.build = KernelBuild::measured;
    // Where the parameter also sets the problem itself (columns, keys), it belongs to the key.
    const bool sized = p.benchmark == PrimBenchmark::mlp || p.benchmark == PrimBenchmark::bs;
    std::uint64_t& cycles = known[{p.benchmark, elementsOf(share), sized ? p.parameter : 0}];
    if (cycles == 0) {
      cycles = cyclesOf(share, library);
      if (p.benchmark == PrimBenchmark::bs && p.dpus > 1) {
        share.dpu = p.dpus - 1;
        cycles = std::max(cycles, cyclesOf(share, library));
      }
    }
    p.cycles = cycles;
  }
}

std::vector<TaskletPoint> simulateTaskletPoints(const SearchPath& path, KernelLibrary& library) {
  std::vector<TaskletPoint> points;
  for (const auto& row : readTable(path, "validation/upmem-hardware-second.csv", 5)) {
    TaskletPoint p;
    p.share.benchmark = primBenchmark(row[0]);
    p.share.parameter = static_cast<std::uint64_t>(numberOf(row[1]));
    p.share.tasklets = static_cast<unsigned>(numberOf(row[2]));
    p.share.columns = 1024;
    if (p.share.benchmark == PrimBenchmark::va) p.share.build = KernelBuild::measured;
    p.kernelMs = numberOf(row[3]);
    p.gate = numberOf(row[4]);
    p.cycles = cyclesOf(p.share, library);
    points.push_back(p);
  }
  return points;
}

double predictMs(const HardwarePoint& p, const LaunchModel& launch) {
  return 1e3 * launch.time(static_cast<double>(p.cycles) / kClockHz, launchesOf(p.benchmark), true);
}

ErrorFigures errorsOf(const std::vector<HardwarePoint>& points, PrimBenchmark benchmark,
                      const LaunchModel& launch) {
  return figures(points, benchmark,
                 [&launch](const HardwarePoint& p) { return predictMs(p, launch); });
}

ErrorFigures peerErrorsOf(const std::vector<HardwarePoint>& points, PrimBenchmark benchmark) {
  return figures(points, benchmark, [](const HardwarePoint& p) { return p.peerMs; });
}

}  // namespace wattlas::dpu
