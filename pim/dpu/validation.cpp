#include "pim/dpu/validation.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "models/base/units.h"
#include "pim/dpu/kernels/csv.h"
#include "pim/dpu/kernels/hardware_points.h"
#include "pim/dpu/kernels/microbenchmarks.h"
#include "pim/dpu/kernels/mix.h"

namespace wattlas::dpu {

namespace {

ValidationRow row(std::string id, const char* kind, const char* quantity, const char* unit,
                  double ours, double reference, double gate) {
  ValidationRow r;
  r.group = "upmem";
  r.id = std::move(id);
  r.kind = kind;
  r.quantity = quantity;
  r.unit = unit;
  r.ours = rounded(ours);
  r.reference = rounded(reference);
  r.gate = gate;
  return r;
}

void pipelineRows(ValidationRows& rows, KernelLibrary& library) {
  rows.push_back(row("issue-1-tasklet", "identity", "cycles per ALU instruction", "cycles",
                     cyclesPerInstruction(library), 11, 0));
  rows.back().source = "11-cycle distance of one tasklet's instructions";
  for (const unsigned tasklets : {11U, 16U, 24U}) {
    rows.push_back(row("ipc-" + std::to_string(tasklets) + "-tasklets", "identity",
                       "instructions per cycle", "1/cycle", aluIpc(tasklets, library), 1, 0.001));
    rows.back().source = "one issue per cycle from 11 tasklets";
  }
}

/// Two references: the timing rules (the larger of latency and engine occupancy; gated), and PrIM's
/// straight line 77 / 61 + 0.5 cycles per byte (reported).
void transferRows(ValidationRows& rows, KernelLibrary& library) {
  const DpuTiming t;
  for (const bool write : {false, true}) {
    const std::string name = write ? "dma-write-" : "dma-read-";
    for (unsigned bytes = 8; bytes <= 2048; bytes *= 2) {
      const double latency =
          (write ? t.dmaWriteLatency : t.dmaReadLatency) + t.dmaLatencyPerByte * bytes;
      const double occupancy =
          (write ? t.dmaWriteOccupancy : t.dmaReadOccupancy) + t.dmaOccupancyPerByte * bytes;
      const double cycles = transferCycles(bytes, write, library);
      rows.push_back(row(name + std::to_string(bytes), "identity", "cycles of a transfer", "cycles",
                         cycles, std::max(latency, occupancy), 0.02));
      rows.back().source =
          "DMA law: the larger of latency 77 (write 61) + 0.5 B and engine 40 (32) + 0.54 B";
      if (occupancy <= latency) continue;
      rows.push_back(row(name + std::to_string(bytes) + "-line", "identity", "cycles of a transfer",
                         "cycles", cycles, latency, -1));
      rows.back().source =
          "latency line alone, 77 (61) + 0.5 B: long transfers are bound by the "
          "engine; PrIM's own 628.23 and 633.22 MB/s at 2048 B are 1,141 and 1,132 "
          "cycles and also lie above the line";
    }
  }
}

void tableRows(ValidationRows& rows, const SearchPath& path, KernelLibrary& library) {
  for (const auto& r : readTable(path, "validation/upmem-microbenchmarks.csv", 7)) {
    rows.push_back(row(r[0], "", "", "", figureOf(r[0], library), numberOf(r[4]), numberOf(r[5])));
    ValidationRow& last = rows.back();
    last.kind = r[1];
    last.quantity = r[2];
    last.unit = r[3];
    last.source = r[6];
  }
}

std::string pointName(const HardwarePoint& p) {
  std::string name = nameOf(p.benchmark);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

const char* kindOf(PrimBenchmark benchmark) {
  // The engine's occupancy was derived from BS among others, VA's line of text from its offset.
  const bool seen =
      isFitted(benchmark) || benchmark == PrimBenchmark::bs || benchmark == PrimBenchmark::va;
  return seen ? "calibration" : "blind";
}

void figureRows(ValidationRows& rows, const std::vector<HardwarePoint>& points,
                const LaunchModel& launch, PrimBenchmark benchmark, double meanGate,
                double maxGate) {
  const ErrorFigures ours = errorsOf(points, benchmark, launch);
  const ErrorFigures peer = peerErrorsOf(points, benchmark);
  std::string name = nameOf(benchmark);
  const auto add = [&](const char* what, const char* quantity, double error, double peerError,
                       double gate) {
    rows.push_back(
        row("prim-" + name + "-" + what, kindOf(benchmark), quantity, "", error, peerError, gate));
    ValidationRow& last = rows.back();
    last.figure = true;
    last.fittedParameters = 2;
    last.source =
        "kernel times of real DPUs (uPIMulator's data); reference column: errors of "
        "uPIMulator itself on the same points";
    if (benchmark == PrimBenchmark::va) {
      last.source +=
          "; VA: the program with ten instructions an element and a line of text per tasklet "
          "(va-measured.s), whose length is that of 0.35 ms a launch";
    }
  };
  add("mean", "mean error of kernel times", ours.mean, peer.mean, meanGate);
  add("max", "largest error of kernel times", ours.largest, peer.largest, maxGate);
}

template <class Chosen>
void meanRow(ValidationRows& rows, const std::vector<HardwarePoint>& points,
             const LaunchModel& launch, const char* id, Chosen chosen) {
  double ours = 0, peer = 0, count = 0;
  for (const auto& p : points) {
    if (!chosen(p.benchmark)) continue;
    ours += std::abs(predictMs(p, launch) / p.kernelMs - 1);
    peer += std::abs(p.peerMs / p.kernelMs - 1);
    ++count;
  }
  rows.push_back(
      row(id, "calibration", "mean error of kernel times", "", ours / count, peer / count, -1));
  rows.back().figure = true;
  rows.back().fittedParameters = 2;
  rows.back().source =
      "kernel times of real DPUs; uPIMulator's error over its full set of 190 points "
      "is 24.8 %";
}

/// Other tasklet counts and another set of measurements: nothing is fitted on them.
void taskletRows(ValidationRows& rows, const SearchPath& path, KernelLibrary& library,
                 const LaunchModel& launch) {
  for (const TaskletPoint& p : simulateTaskletPoints(path, library)) {
    std::string name = nameOf(p.share.benchmark);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    rows.push_back(row("hw2-" + name + "-" + std::to_string(p.share.parameter) + "-" +
                           std::to_string(p.share.tasklets) + "t",
                       "blind", "kernel time", "ms",
                       1e3 * launch.time(static_cast<double>(p.cycles) / DpuTiming().clockHz),
                       p.kernelMs, p.gate));
    rows.back().source = "kernel times of real DPUs, second set, shipped constants";
  }
}

void hardwareRows(ValidationRows& rows, const SearchPath& path, KernelLibrary& library,
                  const LaunchModel& launch) {
  std::vector<HardwarePoint> points = readHardwarePoints(path);
  simulate(points, library);

  using enum PrimBenchmark;
  for (const PrimBenchmark b : {gemv, red, hstS, mlp}) {
    figureRows(rows, points, launch, b, 0.02, 0.05);
  }
  figureRows(rows, points, launch, bs, 0.03, -1);
  figureRows(rows, points, launch, va, 0.05, -1);
  meanRow(rows, points, launch, "prim-all-mean", [](PrimBenchmark) { return true; });
  meanRow(rows, points, launch, "prim-without-va-mean", [](PrimBenchmark b) { return b != va; });

  for (const auto& p : points) {
    rows.push_back(
        row("hw-" + pointName(p) + "-" + std::to_string(p.dpus) + "x" + std::to_string(p.parameter),
            kindOf(p.benchmark), "kernel time", "ms", predictMs(p, launch), p.kernelMs, -1));
    rows.back().source = "kernel times of real DPUs (uPIMulator's data)";
    rows.back().fittedParameters = 2;
  }
}

/// Instructions per element of the compiled-mix kernels: marginal between two shares.
void mixRows(ValidationRows& rows, const SearchPath& path, KernelLibrary& library) {
  for (const auto& r : readTable(path, "validation/upmem-mix.csv", 8)) {
    const PrimBenchmark benchmark = primBenchmark(r[0]);
    rows.push_back(row("mix-" + r[0], "identity", "instructions per element", "1",
                       compiledMix(benchmark, library).total(), numberOf(r[1]), 0.01));
    rows.back().source = "PrIM compiled by LLVM 15 with the public DPU back end, -O2";
  }
}

}  // namespace

ValidationRows upmemValidationRows(const SearchPath& path, const LaunchModel& launch) {
  KernelLibrary library(path);
  ValidationRows rows;
  pipelineRows(rows, library);
  transferRows(rows, library);
  mixRows(rows, path, library);
  tableRows(rows, path, library);
  hardwareRows(rows, path, library, launch);
  taskletRows(rows, path, library, launch);
  return rows;
}

}  // namespace wattlas::dpu
