// A word decodes or is refused; a decoded word encodes to itself and its text assembles to it.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pim/dpu/program/program_files.h"

using namespace wattlas;
using namespace wattlas::dpu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (std::size_t at = 0; at + 8 <= size && at < 64; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data + at, 8);
    if ((word >> 56) != 0x5A) word &= 0xFFFFFFFFFFFF;  // now and then more than 48 bits
    const auto instruction = decode(word);
    if (!instruction) continue;
    const auto back = encode(*instruction);
    if (!back || *back != word) __builtin_trap();
    for (const bool sugar : {false, true}) {
      const auto program = assemble(disassemble(*instruction, sugar), "fuzz", {});
      if (program.text.size() != 1 || program.text[0] != word) __builtin_trap();
    }
  }
  return 0;
}
