// Any text is a program or an InputError; a program survives the way through an ELF file.
#include <cstddef>
#include <cstdint>
#include <sstream>

#include "pim/dpu/program/program_files.h"

using namespace wattlas;
using namespace wattlas::dpu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  AssembleOptions options;
  options.tasklets = 16;
  options.defines["COUNT"] = 3;
  Program program;
  try {
    program = assemble({reinterpret_cast<const char*>(data), size}, "fuzz", options);
  } catch (const InputError&) {
    return 0;
  }
  std::ostringstream text;
  listing(program, text);
  if (program.mramUsed > (1u << 20)) return 0;
  const Program again = loadElf(elfImage(program), "fuzz");
  const bool same = again.text == program.text && again.wram == program.wram &&
                    again.wramUsed == program.wramUsed &&
                    again.symbols.size() == program.symbols.size();
  if (!same) __builtin_trap();
  return 0;
}
