// How fast the DPU engines simulate, in million instructions per host second and in million host
// nanoseconds of CPU time. Run without arguments for the gates' programs.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "models/base/error.h"
#include "pim/dpu/exec/machine.h"
#include "pim/dpu/program/program_files.h"

namespace {

using namespace wattlas::dpu;

struct Case {
  const char* file;
  int tasklets;
  Defines defines;
  RegisterFileRule rule = RegisterFileRule::none;
  EngineMode mode = EngineMode::decoupled;
  double gate = 0;  ///< million instructions per second
  bool repeat = true;
};

double cpuSeconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

void run(const Case& c) {
  AssembleOptions assembly;
  assembly.tasklets = c.tasklets;
  assembly.defines = c.defines;
  const double before = cpuSeconds();
  const Program program =
      assembleFile(std::string(WATTLAS_BENCH_PROGRAMS) + "/" + c.file, assembly);
  DpuRunOptions options;
  options.tasklets = static_cast<unsigned>(c.tasklets);
  options.timing.registerFile = c.rule;
  options.mode = c.mode;
  DpuRunResult result;
  double seconds = 0, startUp = 0;
  std::uint64_t instructions = 0;
  // Short programs are run again and again: one run of them is mostly page faults.
  do {
    DpuMachine machine(program);
    const double started = cpuSeconds();
    if (instructions == 0) startUp = started - before;
    result = machine.run(options);
    seconds += cpuSeconds() - started;
    instructions += result.instructions;
  } while (c.repeat && seconds < 0.02 && !result.error);
  if (result.error) {
    std::printf("%s: %s\n", c.file, result.error->text().c_str());
    std::exit(1);
  }
  const double mips = static_cast<double>(instructions) / seconds / 1e6;
  std::printf("%-16s T=%-2d %-9s %-9s %12llu cycles %12llu instructions %8.1f MIPS (CPU)", c.file,
              c.tasklets, nameOf(c.rule).c_str(), result.mode.c_str(),
              static_cast<unsigned long long>(result.cycles),
              static_cast<unsigned long long>(result.instructions), mips);
  std::printf("  start-up %.1f ms", 1e3 * startUp);
  if (c.gate > 0) std::printf("  gate %.0f %s", c.gate, mips >= c.gate ? "met" : "MISSED");
  std::printf("\n");
}

}  // namespace

/// bench_dpu_speed FILE TASKLETS [RULE] [NAME=VALUE ...]: one program, for callgrind (guard.sh).
int main(int argc, char** argv) try {
  if (argc > 2) {
    Case one{argv[1], std::atoi(argv[2]), {}};
    for (int i = 3; i < argc; ++i) {
      const std::string text = argv[i];
      if (text.find('=') == std::string::npos) {
        one.rule = registerFileRule(text);
      } else {
        addDefine(text, one.defines);
      }
    }
    one.repeat = false;
    run(one);
    return 0;
  }
  const Defines alu{{"COUNT", 3000000}}, aluShort{{"COUNT", 200000}};
  const Defines size8{{"SIZE", 8}}, size2048{{"SIZE", 2048}};
  run({"alu.s", 16, alu, RegisterFileRule::none, EngineMode::decoupled, 100});
  run({"alu.s", 1, aluShort, RegisterFileRule::none, EngineMode::decoupled, 20});
  run({"gemv_int8.s", 16, {{"BLOCKS", 2000}}, RegisterFileRule::none, EngineMode::decoupled, 50});
  for (const auto rule :
       {RegisterFileRule::none, RegisterFileRule::sameBank, RegisterFileRule::compat}) {
    for (const int tasklets : {1, 11, 16}) {
      run({"alu.s", tasklets, aluShort, rule, EngineMode::decoupled, 20});
      run({"alu_same_bank.s", tasklets, aluShort, rule, EngineMode::decoupled, 20});
      run({"gemv_int8.s", tasklets, {{"BLOCKS", 40}}, rule, EngineMode::decoupled, 20});
      run({"dma.s", tasklets, size8, rule, EngineMode::decoupled, 20});
      run({"dma.s", tasklets, size2048, rule, EngineMode::decoupled, 20});
      run({"lock.s", tasklets, {{"COUNT", 500}}, rule, EngineMode::decoupled, 20});
    }
  }
  run({"alu.s", 16, aluShort, RegisterFileRule::none, EngineMode::lockstep});
  return 0;
} catch (const wattlas::InputError& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 2;
}
