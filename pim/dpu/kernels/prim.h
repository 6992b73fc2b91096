// PrIM benchmarks on one DPU: lays out the data of one DPU's share of a strong-scaling run, runs a
// kernel of configs/kernels/dpu and compares its result with the same computation in C++.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "models/base/config.h"
#include "pim/dpu/exec/machine.h"
#include "pim/dpu/kernels/mix.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu {

/// The DPU kernels in assembly below configs/kernels/dpu, assembled on demand.
class KernelLibrary {
 public:
  explicit KernelLibrary(const SearchPath& path) : path_(path) {}

  /// The program of kernels/dpu/<name>.s for that many tasklets. Throws InputError when there is no
  /// such file or it does not assemble.
  const Program& program(const std::string& name, unsigned tasklets, const Defines& defines = {});

 private:
  SearchPath path_;
  std::map<std::string, Program> programs_;
};

enum class PrimBenchmark { va, red, gemv, hstS, bs, mlp };

/// "VA", "RED", "GEMV", "HST-S", "BS", "MLP".
std::string nameOf(PrimBenchmark benchmark);
/// Throws InputError naming the accepted words.
PrimBenchmark primBenchmark(const std::string& text);

/// Which program of a benchmark: that with the compiled instruction mix, the one made to be fast,
/// or (VA) those whose times are those of the executables that were measured (va-measured.s;
/// `apart`: its tasklets start far from one another).
enum class KernelBuild { compiled, tuned, measured, apart };

/// Share of DPU `dpu` of `dpus` DPUs that work on `parameter`: VA, RED, HST-S: elements in total;
/// GEMV: rows of 64 columns; MLP: rows and columns of each of 3 layers; BS: sorted keys, on every
/// DPU, and parameter / 8 queries in total.
///
/// Values, as read in a public simulator's data preparation: VA int32 below 2^31, RED int64 0..100,
/// GEMV uint32 0..49, HST-S pixels 0..4095 and 256 bins, BS key i = i and query i = i, MLP 98 %
/// zeros (here: exactly the weights whose index ends in 98 or 99 are 1, the rest 0; every other
/// input is 1). The 64 elements of GEMV's x are one draw out of many: its seed is chosen so that
/// the mul_steps per multiply-accumulate are those of the reference mix (4.37; 4.07 on average over
/// all draws, standard deviation 0.14).
struct PrimShare {
  PrimBenchmark benchmark = PrimBenchmark::va;
  std::uint64_t parameter = 0;
  unsigned dpus = 1, dpu = 0;
  unsigned tasklets = 16;
  std::uint64_t columns = 64;  ///< of a row of GEMV
  KernelBuild build = KernelBuild::compiled;
};

/// Work of one launch on that DPU: elements, multiply-accumulates (GEMV, MLP) or queries (BS).
std::uint64_t elementsOf(const PrimShare& share);
/// Kernel launches of the benchmark: MLP 3, the others 1. The layers of MLP take equal time:
/// weights are 0 or 1, so that every product takes one mul_step whatever the activations are.
unsigned launchesOf(PrimBenchmark benchmark);

struct PrimRun {
  DpuRunResult result;  ///< of one launch
  std::string problem;  ///< empty when the run ended well and its output is right
  double cpuS = 0;      ///< processor seconds of the simulation itself, outside comparisons
};

/// Throws InputError when the share does not fit (odd rows, MRAM too small, ...).
PrimRun runPrim(const PrimShare& share, KernelLibrary& library, const DpuRunOptions& options = {});

/// Dynamic instructions per element of the compiled-mix kernel: difference of a larger and a
/// smaller share, so that start and end do not count. GEMV: rows of 64; MLP: 1,024 columns; BS:
/// 131,072 keys, queries 1,024 to 2,047 (as the reference mix was taken).
InstructionMix compiledMix(PrimBenchmark benchmark, KernelLibrary& library);

}  // namespace wattlas::dpu
