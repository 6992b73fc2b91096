// A set of DPUs that run one program each on data of their own: host transfers, launches that keep
// memory, and the time of all of it by the device's transfer and launch models.
#pragma once

#include <string>
#include <vector>

#include "pim/upmem/parameters.h"

namespace wattlas::pim {

/// One step of the host. File names may hold `{dpu}`: then every DPU has a file of its own
/// (scatter, gather; sizes may differ), without it one file goes to all (broadcast) or is cut into
/// equal parts.
struct DpuSetStep {
  std::string kind = "launch";     ///< to, from, launch
  std::string symbol;              ///< empty = `mram`
  std::int64_t offset = 0;         ///< into the symbol, or from the start of MRAM
  std::int64_t bytes = 0;          ///< from: of each DPU; to: of each part when `scatter`
  std::string file, expect;        ///< raw or .npy; expect: what must have been read
  std::vector<std::string> words;  ///< to: 32-bit values instead of a file; `dpu` = its number
  bool scatter = false;            ///< cut one file into parts of `bytes`
  std::string program;             ///< launch: another program; MRAM stays
  std::int64_t times = 1;          ///< launches in a row
};

struct DpuSetSpec {
  std::string program, device = "upmem-server", folder;
  std::int64_t dpus = 64, tasklets = 16, threads = 1;
  std::vector<std::string> isa, defines;
  bool raceCheck = false;
  std::vector<DpuSetStep> steps;

  void bind(Binder& binder);
  /// Reads a file; names in it are relative to it. Throws InputError with every problem.
  static DpuSetSpec read(const std::string& file);
};

/// What one step took.
struct DpuSetEvent {
  std::string kind, what;
  double startS = 0, endS = 0;
  std::int64_t bytes = 0;  ///< of all DPUs
  /// Kernels: cycles of the DPUs, one launch.
  std::uint64_t least = 0, median = 0, most = 0;
  double mean = 0;
  std::int64_t worst = 0;  ///< DPU with `most`
};

struct DpuSetResult {
  std::vector<DpuSetEvent> events;
  double timeS = 0, kernelS = 0, transferS = 0, energyJ = 0;
  std::uint64_t instructions = 0;
  std::vector<std::string> problems;  ///< programs that failed, outputs that differ; at most 20
  std::int64_t failed = 0;            ///< DPUs with a problem
  std::int64_t races = 0, exitValue = 0;
  std::string printed;  ///< of all DPUs, one after the other
};

/// Throws InputError for what cannot begin; what goes wrong on a DPU is in `problems`.
DpuSetResult runDpuSet(const DpuSetSpec& spec, const UpmemParams& params);

}  // namespace wattlas::pim
