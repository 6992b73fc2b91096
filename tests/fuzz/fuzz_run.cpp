// Any words are a program that runs to its end, an error or the cycle limit, with every timing
// rule: nothing that a program does may reach outside the memories of its DPU.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "models/base/error.h"
#include "pim/dpu/exec/machine.h"

using namespace wattlas;
using namespace wattlas::dpu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  DpuRunOptions options;
  options.tasklets = 1 + data[0] % kTasklets;
  options.timing.registerFile = static_cast<RegisterFileRule>(data[1] % 3);
  options.timing.arbiter = (data[1] & 4) != 0 ? Arbiter::roundRobin : Arbiter::oldestReady;
  options.timing.bankDetail = (data[1] & 8) != 0;
  options.timing.revolver = 1 + data[2] % 24;
  options.dmaAlignment = (data[1] & 16) != 0 ? DmaAlignment::hardware : DmaAlignment::check;
  options.mode = (data[1] & 32) != 0 ? EngineMode::lockstep : EngineMode::decoupled;
  options.raceCheck = (data[1] & 64) != 0;
  options.runAhead = 1 + data[3];
  options.maxCycles = 20000;

  Program program;
  program.name = "fuzz";
  const auto& forms = InstructionSet::builtin().forms();
  for (std::size_t i = 4; i + 8 <= size && program.text.size() < 256; i += 8) {
    std::uint64_t word = 0;
    for (unsigned k = 0; k < 6; ++k) word |= std::uint64_t{data[i + k]} << (8 * k);
    // Most words are made instructions: of the form that two bytes choose, the other bits as drawn.
    const Form& form = *forms[(data[i + 6] | data[i + 7] << 8) % forms.size()];
    if (data[i + 7] < 240) word = (word & ~form.mask) | form.base;
    program.text.push_back(word);
  }
  if (program.text.empty()) return 0;
  program.wram.assign(data, data + std::min<std::size_t>(size, 4096));
  DpuMachine machine(program);
  const auto result = machine.run(options);
  if (result.error ? result.error->text().empty() : result.instructions == 0) __builtin_trap();
  machine.run(options);  // again, on what the first run left
  return 0;
}
