// Any bytes are a program or an InputError; a program that loads survives writing and loading
// again.
#include <cstddef>
#include <cstdint>
#include <sstream>

#include "pim/dpu/program/program_files.h"

using namespace wattlas;
using namespace wattlas::dpu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Program program;
  try {
    program = loadElf({data, data + size}, "fuzz");
  } catch (const InputError&) {
    return 0;
  }
  std::ostringstream text;
  if (program.text.size() < 64 && program.symbols.size() < 64) objdump(program, text);
  const Program again = loadElf(elfImage(program), "fuzz");
  const bool same = again.text == program.text && again.wram == program.wram &&
                    again.entry == program.entry && again.mramUsed == program.mramUsed &&
                    again.symbols.size() == program.symbols.size();
  if (!same) __builtin_trap();
  return 0;
}
