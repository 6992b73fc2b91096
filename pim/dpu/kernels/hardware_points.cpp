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

double cyclesMs(const HardwarePoint& p) {
  return 1e3 * static_cast<double>(p.cycles) / kClockHz;
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

double LaunchFit::predictMs(const HardwarePoint& p) const {
  return launchesOf(p.benchmark) * (launchMs + clockFactor * cyclesMs(p));
}

bool isFitted(PrimBenchmark benchmark) {
  return benchmark == PrimBenchmark::gemv || benchmark == PrimBenchmark::red ||
         benchmark == PrimBenchmark::hstS;
}

LaunchFit fitLaunch(const std::vector<HardwarePoint>& points) {
  // Minimises the sum of (launches * (L + f * t) / measured - 1)^2 over L and f.
  double ll = 0, lt = 0, tt = 0, l1 = 0, t1 = 0;
  for (const auto& p : points) {
    if (!isFitted(p.benchmark)) continue;
    const double l = launchesOf(p.benchmark) / p.kernelMs, t = l * cyclesMs(p);
    ll += l * l;
    lt += l * t;
    tt += t * t;
    l1 += l;
    t1 += t;
  }
  const double determinant = ll * tt - lt * lt;
  if (determinant <= 0) throw InputError("too few hardware points to fit the launch overhead");
  return {(l1 * tt - t1 * lt) / determinant, (ll * t1 - lt * l1) / determinant};
}

ErrorFigures errorsOf(const std::vector<HardwarePoint>& points, PrimBenchmark benchmark,
                      const LaunchFit& fit) {
  return figures(points, benchmark, [&fit](const HardwarePoint& p) { return fit.predictMs(p); });
}

ErrorFigures peerErrorsOf(const std::vector<HardwarePoint>& points, PrimBenchmark benchmark) {
  return figures(points, benchmark, [](const HardwarePoint& p) { return p.peerMs; });
}

}  // namespace wattlas::dpu
