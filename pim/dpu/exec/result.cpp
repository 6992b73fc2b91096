#include "pim/dpu/exec/result.h"

#include <array>

namespace wattlas::dpu {

const char* nameOf(RunErrorKind kind) {
  constexpr std::array names = {"illegal_instruction", "pc_range",  "wram_range",
                                "dma_alignment",       "dma_range", "fault",
                                "thread_number",       "deadlock",  "max_cycles"};
  return names.at(static_cast<std::size_t>(kind));
}

std::string hexText(std::uint64_t value, int digits) {
  static const char* const symbols = "0123456789abcdef";
  std::string text;
  for (int i = digits - 1; i >= 0; --i) text += symbols[value >> 4 * i & 15U];
  return text;
}

std::string RunError::text() const {
  std::string place = "pc " + std::to_string(pc);
  if (!symbol.empty()) place += " (" + symbol + ")";
  return place + ", tasklet " + std::to_string(tasklet) + ", cycle " + std::to_string(cycle) +
         ": " + nameOf(kind) + ": " + reason + " [word 0x" + hexText(word, 12) + "]";
}

}  // namespace wattlas::dpu
