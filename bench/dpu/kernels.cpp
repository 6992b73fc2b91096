// How fast the PrIM kernels and microbenchmarks are simulated: million instructions per second
// of processor time (best of three runs), under every register-file rule.
#include <algorithm>
#include <cstdio>
#include <string>

#include "models/base/error.h"
#include "pim/dpu/kernels/prim.h"

namespace {

using namespace wattlas::dpu;
using enum PrimBenchmark;

constexpr double kGate = 20;  ///< million instructions per second with any rule

struct Case {
  PrimBenchmark benchmark;
  std::uint64_t parameter;
};
constexpr Case kCases[] = {{va, 1 << 20},   {red, 1 << 20}, {gemv, 4096},
                           {hstS, 1 << 18}, {bs, 131072},   {mlp, 1024}};

double mips(const Case& c, bool tuned, RegisterFileRule rule, KernelLibrary& library) {
  double best = 0;
  for (int i = 0; i < 3; ++i) {
    PrimShare share;
    share.benchmark = c.benchmark;
    share.parameter = c.parameter;
    share.dpus = c.benchmark == mlp || c.benchmark == bs ? 4 : 1;
    share.build = tuned ? KernelBuild::tuned : KernelBuild::compiled;
    DpuRunOptions options;
    options.timing.registerFile = rule;
    const PrimRun run = runPrim(share, library, options);
    if (!run.problem.empty()) throw wattlas::InputError(run.problem);
    best = std::max(best, static_cast<double>(run.result.instructions) / run.cpuS * 1e-6);
  }
  return best;
}

}  // namespace

int main() try {
  KernelLibrary library(wattlas::SearchPath({WATTLAS_BENCH_DATA}));
  std::printf("%-18s %12s %12s %12s   million instructions per second, decoupled, 16 tasklets\n",
              "kernel", "none", "same_bank", "compat");
  int missed = 0;
  for (const bool tuned : {false, true}) {
    for (const Case& c : kCases) {
      const std::string name = nameOf(c.benchmark) + (tuned ? " tuned" : " compiled");
      std::printf("%-18s", name.c_str());
      for (const auto rule :
           {RegisterFileRule::none, RegisterFileRule::sameBank, RegisterFileRule::compat}) {
        const double rate = mips(c, tuned, rule, library);
        std::printf(" %11.1f%c", rate, rate < kGate ? '!' : ' ');
        missed += rate < kGate ? 1 : 0;
      }
      std::printf("\n");
    }
  }
  std::printf("gate %.0f: %d missed\n", kGate, missed);
  return 0;
} catch (const wattlas::InputError& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 2;
}
